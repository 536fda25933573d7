package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"lyceum/internal/logs"
	"lyceum/internal/paper"
	"lyceum/internal/seal"
	"lyceum/store/embedded"
	"lyceum/store/fleet"
	"lyceum/tenant"
)

// Config is what every command may be told.
type Config struct {
	DatabaseURL string `name:"database-url" placeholder:"URL" help:"PostgreSQL 15 or newer, as its administrator (postgres://user:password@host:5432/database). Without it an embedded one is started in --data."`
	PoolerURL   string `name:"pooler-url" placeholder:"URL" help:"PgBouncer in transaction mode before that database, logging in as lyceum_app. Requests then go through it."`
	Data        string `name:"data" placeholder:"DIR" help:"Where the embedded database and files live. Default: a folder of your account, /var/lib/lyceum as root."`
	FilesURL    string `name:"files-url" placeholder:"URL" help:"Object store for uploaded files: file:///dir, or s3://bucket?region=… (endpoint=, use_path_style=true, prefix= for others than Amazon) with the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Default: a folder in --data."`

	StorageQuota  size   `name:"storage-quota" placeholder:"SIZE" default:"0" help:"How much each portal may store that has no limit of its own (lyceum tenant quota), for example 50GB. 0: no limit."`
	FilesRedirect size   `name:"files-redirect" placeholder:"SIZE" default:"8MB" help:"With an S3 store: films, sounds and documents from this size on are fetched there, by an address that is signed for 15 minutes. 0: everything comes from here."`
	SecretKey     string `name:"secret-key" placeholder:"BASE64" help:"Master key (32 bytes in base64) that seals private keys and other secrets in the database; the same for every process. Default: secret.key in --data, made at the first start."`
	NoDownload    bool   `name:"no-download" help:"Never fetch the embedded database's programs."`

	BaseURL    string `name:"base-url" placeholder:"URL" help:"Address of the platform's own site as browsers see it, for example https://lyceum.example.com. Default: http://lyceum.<base-domain>:<port>."`
	BaseDomain string `name:"base-domain" default:"localhost" help:"Domain below which portals live: <slug>.<base-domain>."`

	SMTPURL  string `name:"smtp-url" placeholder:"URL" help:"Mail server, smtp://user:password@host:587. Without it mail is not sent; the demo keeps it to be read at /dev/mail."`
	MailFrom string `name:"mail-from" placeholder:"ADDRESS" default:"Lyceum <no-reply@lyceum.example>" help:"Sender of all mail."`

	CoolingOff int `name:"cooling-off" default:"14" placeholder:"DAYS" help:"Days between an owner's wish to have a portal erased and the erasure."`

	Fonts []string `name:"font" sep:"none" type:"existingfile" placeholder:"FILE" help:"TrueType font (.ttf) for letters that the built-in ones (Latin, Greek, Cyrillic) lack on certificates and other PDF files, for example Noto Sans SC. May be given several times: the first that has a letter draws it. Scripts whose letters join or run from right to left are not drawn."`

	Domains `embed:"" group:"Domains"`

	Payments `embed:"" group:"Payments"`

	AllowPrivateIdP bool `name:"allow-private-idp" help:"Let tenants' identity providers and directories stand in private networks. Only where all tenants are trusted: it opens this network to their settings."`

	LogFormat string `name:"log-format" enum:"text,json" default:"text" help:"text or json."`
	LogLevel  string `name:"log-level" enum:"debug,info,warn,error" default:"info" help:"debug, info, warn or error."`
}

func (c *Config) logger() *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	return logs.New(os.Stderr, c.LogFormat, level)
}

// addFonts has documents use the fonts that were named.
func (c *Config) addFonts() error {
	for _, name := range c.Fonts {
		ttf, err := os.ReadFile(name)
		if err == nil {
			err = paper.AddFont(ttf)
		}
		if err != nil {
			return fmt.Errorf("--font %s: %w", name, err)
		}
	}
	return nil
}

func (c *Config) dataDir() string {
	if c.Data != "" {
		if abs, err := filepath.Abs(c.Data); err == nil {
			return abs
		}
		return c.Data
	}
	return embedded.DefaultRoot()
}

// hosts gives the shape of addresses. listen is where we serve: its port stands in links unless --base-url says
// otherwise.
func (c *Config) hosts(listen string) (tenant.Hosts, error) {
	base := tenant.NormaliseHost(c.BaseDomain)
	if base == "" {
		return tenant.Hosts{}, fmt.Errorf("--base-domain %q is not a domain", c.BaseDomain)
	}
	h := tenant.Hosts{Base: base, Platform: "lyceum." + base, Scheme: "http"}
	if c.BaseURL == "" {
		if _, port, err := net.SplitHostPort(listen); err == nil && port != "80" {
			h.Port = port
		}
		return h, nil
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return h, fmt.Errorf("--base-url %q: write it as https://lyceum.example.com", c.BaseURL)
	}
	h.Scheme, h.Platform, h.Port = u.Scheme, strings.ToLower(u.Hostname()), u.Port()
	return h, nil
}

// database is the addresses of the database, and what stops an embedded one.
type database struct {
	admin  string // as administrator
	direct string // as the application, straight to PostgreSQL: LISTEN, jobs
	app    string // as the application, through the pooler where there is one
	pooled bool
	pass   string // the application's password, to be set by a migration
	shared bool   // another process of ours owns the embedded database
	stop   func() error
}

// openDatabase finds the database, and starts the embedded one when none was named.
func (c *Config) openDatabase(ctx context.Context, log *slog.Logger) (database, error) {
	d := database{stop: func() error { return nil }}
	if c.DatabaseURL == "" {
		srv, err := embedded.Start(ctx, embedded.Options{
			Root: filepath.Join(c.dataDir(), "postgres"), BinDir: os.Getenv("LYCEUM_PG_BIN"), Archive: os.Getenv("LYCEUM_PG_ARCHIVE"),
			NoDownload: c.NoDownload, Fsync: true, Log: log, Say: func(line string) { fmt.Fprintln(os.Stderr, line) },
		})
		if err != nil {
			return d, err
		}
		d.admin, d.direct, d.shared, d.stop = srv.AdminURL("postgres"), srv.URL("lyceum_app", "postgres"), srv.Shared(), srv.Stop
		d.app = d.direct
		return d, nil
	}
	var err error
	d.admin = c.DatabaseURL
	if d.direct, d.pass, err = fleet.AppURL(c.DatabaseURL); err != nil {
		return d, fmt.Errorf("--database-url: %w", err)
	}
	d.app = d.direct
	if c.PoolerURL != "" {
		if d.direct, d.pass, err = withPasswordOf(c.PoolerURL, d.direct, d.pass); err != nil {
			return d, fmt.Errorf("--pooler-url: %w", err)
		}
		d.app, d.pooled = c.PoolerURL, true
	}
	return d, nil
}

// withPasswordOf puts the password that a pooler's address names into the direct one: the role has only one.
func withPasswordOf(pooler, direct, derived string) (address, password string, err error) {
	p, err := url.Parse(pooler)
	if err != nil || p.Scheme != "postgres" && p.Scheme != "postgresql" {
		return "", "", errors.New("write it as postgres://lyceum_app:password@host:6432/database")
	}
	password, named := p.User.Password()
	if !named {
		return direct, derived, nil
	}
	d, err := url.Parse(direct)
	if err != nil {
		return "", "", fmt.Errorf("database address: %w", err)
	}
	d.User = url.UserPassword(d.User.Username(), password)
	return d.String(), password, nil
}

// sealKey gives the master key: the one that was named, else the data folder's.
func (c *Config) sealKey() (seal.Key, error) {
	if c.SecretKey != "" {
		return seal.Parse(c.SecretKey)
	}
	return seal.File(filepath.Join(c.dataDir(), "secret.key"))
}

func (c *Config) filesURL() string {
	if c.FilesURL != "" {
		return c.FilesURL
	}
	return "file://" + filepath.ToSlash(filepath.Join(c.dataDir(), "files"))
}
