// Package sheet reads and writes tables as CSV (RFC 4180) and XLSX (ISO/IEC 29500).
package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Bounds of what is read.
const (
	MaxBytes = 16 << 20
	maxUnzip = 256 << 20
	maxCells = 4_000_000
)

// ErrUnread is a table that cannot be read.
var ErrUnread = errors.New("sheet: this is no table that can be read")

// Safe keeps a spreadsheet from taking a text for a formula (OWASP, CSV injection).
func Safe(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// CSV writes rows as CSV, each text made safe.
type CSV struct{ w *csv.Writer }

// NewCSV begins a CSV.
func NewCSV(w io.Writer) *CSV { return &CSV{csv.NewWriter(w)} }

// Row writes a row.
func (c *CSV) Row(cells []string) error {
	safe := make([]string, len(cells))
	for i, text := range cells {
		safe[i] = Safe(text)
	}
	return c.w.Write(safe)
}

// End writes what is left.
func (c *CSV) End() error {
	c.w.Flush()
	return c.w.Error()
}

// XLSX writes rows as a workbook of one sheet, row by row; numbers as numbers (but for those that begin with a
// needless nought, which are names), the rest as text, never as formulas.
type XLSX struct {
	file   *excelize.File
	stream *excelize.StreamWriter
	rows   int
}

// NewXLSX begins a workbook whose first column widths are in characters.
func NewXLSX(widths ...float64) (*XLSX, error) {
	f := excelize.NewFile()
	s, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, fmt.Errorf("sheet: %w", err)
	}
	for i, w := range widths {
		if err = s.SetColWidth(i+1, i+1, w); err != nil {
			return nil, fmt.Errorf("sheet: %w", err)
		}
	}
	if err = s.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, fmt.Errorf("sheet: %w", err)
	}
	return &XLSX{file: f, stream: s}, nil
}

// Row writes a row.
func (x *XLSX) Row(cells []string) error {
	x.rows++
	row := make([]any, len(cells))
	for i, text := range cells {
		row[i] = text
		if n, err := strconv.ParseFloat(text, 64); err == nil && x.rows > 1 && len(text) < 16 && strings.Trim(text, "0123456789.") == "" && (text[0] != '0' || len(text) == 1 || text[1] == '.') {
			row[i] = n
		}
	}
	return x.stream.SetRow("A"+strconv.Itoa(x.rows), row)
}

// End writes the workbook.
func (x *XLSX) End(w io.Writer) error {
	if err := x.stream.Flush(); err != nil {
		return fmt.Errorf("sheet: %w", err)
	}
	if err := x.file.Write(w); err != nil {
		return fmt.Errorf("sheet: %w", err)
	}
	return x.file.Close()
}

// Read reads a table: an XLSX by its first sheet, else CSV with comma, semicolon or tab. Texts that Safe made safe are as they
// were. ErrUnread.
func Read(data []byte) (rows [][]string, err error) {
	if len(data) == 0 || len(data) > MaxBytes {
		return nil, ErrUnread
	}
	if bytes.HasPrefix(data, []byte("PK")) {
		f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxUnzip, UnzipXMLSizeLimit: maxUnzip / 4, RawCellValue: true})
		if err != nil {
			return nil, errors.Join(ErrUnread, err)
		}
		defer f.Close() //nolint:errcheck // it was only read
		names := f.GetSheetList()
		if len(names) == 0 {
			return nil, ErrUnread
		}
		if rows, err = f.GetRows(names[0]); err != nil {
			return nil, errors.Join(ErrUnread, err)
		}
	} else {
		r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
		r.FieldsPerRecord, r.Comma = -1, comma(data)
		if rows, err = r.ReadAll(); err != nil {
			return nil, errors.Join(ErrUnread, err)
		}
	}
	cells := 0
	for _, row := range rows {
		if cells += len(row); cells > maxCells {
			return nil, ErrUnread
		}
		for i, text := range row {
			if len(text) > 1 && text[0] == '\'' && Safe(text[1:]) != text[1:] {
				row[i] = text[1:]
			}
		}
	}
	return rows, nil
}

// comma is what parts the cells of the first line.
func comma(data []byte) rune {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	best, most := ',', bytes.Count(line, []byte(","))
	for _, c := range ";\t" {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}
