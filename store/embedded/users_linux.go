package embedded

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// usersOf lists the PostgreSQL processes that work in the data directory. Each of them keeps it as its working
// directory, and a zombie has none, so that this is the truth where a pid file is hearsay. A person's shell that
// stands in the directory is not one of them.
func usersOf(_ context.Context, data string, _ int) ([]int, error) {
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, link := range links {
		// Processes end while we look, and strangers' are closed to us: neither can be a server in our directory.
		if dir, err := os.Readlink(link); err != nil || dir != data {
			continue
		}
		name, err := os.ReadFile(filepath.Join(filepath.Dir(link), "comm"))
		if err != nil || !strings.HasPrefix(string(name), "postgres") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link)))
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// dieWithLauncher has the kernel end the server when the launcher is killed, so that an orphan is rare. It works only
// while the thread that started the server lives; process.run holds it.
func dieWithLauncher(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }

// quickCrashCare are the settings for a start after a crash: one call flushes the file system instead of an open and
// a flush for each of a thousand tenants' files.
func quickCrashCare() map[string]string {
	return map[string]string{"recovery_init_sync_method": "syncfs"}
}
