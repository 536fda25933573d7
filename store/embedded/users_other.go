//go:build !linux

package embedded

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// usersOf tells whether the postmaster that the pid file names really serves the data directory. There is no /proc
// here, so backends that outlive a killed postmaster stay unseen; serve waits for their shared memory instead.
func usersOf(ctx context.Context, data string, master int) ([]int, error) {
	if master <= 0 {
		return nil, nil
	}
	out, err := exec.CommandContext(ctx, "ps", "-ww", "-o", "command=", "-p", strconv.Itoa(master)).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, nil // no such process
	}
	if err != nil {
		return nil, fmt.Errorf("ask ps for process %d: %w", master, err)
	}
	line := strings.TrimSpace(string(out))
	if strings.Contains(line, "postgres") && strings.Contains(line+" ", " -D "+data+" ") {
		return []int{master}, nil
	}
	return nil, nil
}

// dieWithLauncher does nothing: only Linux can end a child with its parent.
func dieWithLauncher(*syscall.SysProcAttr) {}

// quickCrashCare is empty: syncfs is Linux's.
func quickCrashCare() map[string]string { return nil }
