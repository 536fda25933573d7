package store

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/uid"
	"lyceum/tenant/takeout"
)

// InsertTakeout writes a wish for an archive; takeout.ErrOpen while another one is being made.
func (s *Store) InsertTakeout(ctx context.Context, t takeout.Takeout) error {
	return fail(s.tx(ctx).Create(&t).Error, "wish for an archive")
}

// SaveTakeout writes where one stands.
func (s *Store) SaveTakeout(ctx context.Context, t takeout.Takeout) error {
	return fail(s.tx(ctx).Model(&takeout.Takeout{}).Where("id = ?", t.ID).Select("*").Omit("id", "asked_by", "asked_at").UpdateColumns(&t).Error, "save a takeout")
}

// TakeoutByID finds one.
func (s *Store) TakeoutByID(ctx context.Context, id uid.ID) (t takeout.Takeout, err error) {
	return t, notFound(s.tx(ctx).Where("id = ?", id).Take(&t).Error, takeout.ErrNotFound, "takeout %s", id)
}

// Takeouts lists them, the newest first.
func (s *Store) Takeouts(ctx context.Context, limit int) (list []takeout.Takeout, err error) {
	return list, fail(s.tx(ctx).Order("id desc").Limit(limit).Find(&list).Error, "list takeouts")
}

// UploadsAfter walks over what was uploaded, by id.
func (s *Store) UploadsAfter(ctx context.Context, after uid.ID, n int) (list []takeout.Upload, err error) {
	return list, fail(s.tx(ctx).Table("files").Select("id, name, sha256").Where("id > ?", after).Order("id").Limit(n).Find(&list).Error, "walk files")
}

// DumpTable writes a table as a stream: CSV with a header, or a JSON object a line. Names of tables and columns are ours and quoted.
func (s *Store) DumpTable(ctx context.Context, p takeout.Part, f takeout.Format, w io.Writer) (rows int64, err error) {
	tx := Pgx(ctx)
	if tx == nil {
		return 0, ErrNoTransaction
	}
	var columns []string
	err = s.tx(ctx).Raw(`select column_name from information_schema.columns where table_schema = current_schema() and table_name = ? order by ordinal_position`, p.Table).Scan(&columns).Error
	if err != nil {
		return 0, fail(err, "columns of %s", p.Table)
	}
	var kept []string
	for _, c := range columns {
		if !slices.Contains(p.Without, c) {
			kept = append(kept, pgx.Identifier{c}.Sanitize())
		}
	}
	if len(kept) == 0 { // a schema of the version before lacks the newest tables
		return 0, nil
	}
	query := fmt.Sprintf("select %s from %s", strings.Join(kept, ", "), pgx.Identifier{p.Table}.Sanitize())
	// JSON goes out as it is: the quote and the delimiter are characters that JSON escapes, so nothing is quoted again.
	statement := fmt.Sprintf("copy (%s) to stdout (format csv, header)", query)
	if f == takeout.JSON {
		statement = fmt.Sprintf(`copy (select row_to_json(r) from (%s) r) to stdout (format csv, quote e'\x01', delimiter e'\x02')`, query)
	}
	tag, err := tx.Conn().PgConn().CopyTo(ctx, w, statement)
	return tag.RowsAffected(), fail(err, "write %s out", p.Table)
}
