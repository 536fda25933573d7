package paper

import (
	"strings"

	"lyceum/internal/colour"
)

// Table is a document of one table on sheets laid across: the title and what it is about on the first one, the head of the table on each.
type Table struct {
	Title   string
	Facts   []string // lines below the title
	Columns []string
	Rows    [][]string
	Right   []bool // columns of numbers, which end at their right edge
	Nothing string // what stands where there are no rows
	Foot    string // at the left of each foot
	Page    func(n, of int) string
}

// Measures of a table in millimetres, and of its letters in points.
const (
	tableEdge    = 12.0
	tableFoot    = 14.0
	tableCell    = 1.6 // around what stands in a cell
	tableSize    = 8.0
	tableLine    = tableSize * PointToMM * 1.25
	tableLines   = 6    // of a cell, the rest is left out
	tableNarrow  = 14.0 // the least width of a column
	tableWide    = 90.0 // what a column asks for at the most
	tableMeasure = 400  // rows that widths are measured by
)

// Table draws a table that was filled in; the sheets have to lie across ("L").
func (p *Sheet) Table(t Table) {
	pageWidth, pageHeight := p.GetPageSize()
	widths := p.tableWidths(t, pageWidth-2*tableEdge)
	head, headHeight := p.tableCells(t.Columns, "B", widths)
	type row struct {
		cells  [][]string
		height float64
	}
	rows, starts := make([]row, len(t.Rows)), []int{0}
	top := tableEdge + 10
	var facts []string
	for _, f := range t.Facts {
		facts = append(facts, p.wrap(p.fonts.drawable(f), "", 9, pageWidth-2*tableEdge)...)
	}
	first := top + float64(len(facts))*4.4 + 4
	y := first + headHeight
	for i, cells := range t.Rows {
		rows[i].cells, rows[i].height = p.tableCells(cells, "", widths)
		if y+rows[i].height > pageHeight-tableFoot && i > starts[len(starts)-1] {
			starts = append(starts, i)
			y = tableEdge + headHeight
		}
		y += rows[i].height
	}
	for n, from := range starts {
		p.AddPage()
		y = tableEdge
		if n == 0 {
			p.Fill(p.Brand)
			p.Rect(0, 0, pageWidth, 4, "F")
			p.From(t.Title, Fit("B", 16, 9), tableEdge, tableEdge+6, pageWidth-2*tableEdge, Ink)
			for i, f := range facts {
				p.From(f, Fit("", 9, 9), tableEdge, top+float64(i)*4.4+2, pageWidth-2*tableEdge, Faint)
			}
			y = first
		}
		p.Fill(Blend(p.Brand, colour.White, 0.88))
		p.Rect(tableEdge, y, pageWidth-2*tableEdge, headHeight, "F")
		p.tableRow(head, "B", widths, t.Right, y)
		y += headHeight
		p.Stroke(p.Brand, 0.4)
		p.Line(tableEdge, y, pageWidth-tableEdge, y)
		until := len(rows)
		if n+1 < len(starts) {
			until = starts[n+1]
		}
		for _, r := range rows[from:until] {
			p.tableRow(r.cells, "", widths, t.Right, y)
			y += r.height
			p.Stroke(Pale, 0.15)
			p.Line(tableEdge, y, pageWidth-tableEdge, y)
		}
		if len(rows) == 0 {
			p.At(t.Nothing, Fit("I", 10, 8), pageWidth/2, y+9, pageWidth-2*tableEdge, Faint)
		}
		p.From(t.Foot, Fit("", 8, 6), tableEdge, pageHeight-6, pageWidth-2*tableEdge-40, Faint)
		foot := p.fonts.drawable(t.Page(n+1, len(starts)))
		p.Use("", 8, Faint)
		p.Text(pageWidth-tableEdge-p.GetStringWidth(foot), pageHeight-6, foot)
	}
}

// tableWidths shares a width out by what stands in the columns; none is narrower than the longest word of its head, if that can be.
func (p *Sheet) tableWidths(t Table, width float64) []float64 {
	want, least := make([]float64, len(t.Columns)), make([]float64, len(t.Columns))
	sum, bound := 0.0, 0.0
	for i, name := range t.Columns {
		least[i] = tableNarrow
		for word := range strings.FieldsSeq(p.fonts.drawable(name)) {
			least[i] = max(least[i], min(p.width(word, "B", tableSize)+2*tableCell, width/float64(len(t.Columns))))
		}
		want[i] = least[i]
		for _, r := range t.Rows[:min(len(t.Rows), tableMeasure)] {
			want[i] = max(want[i], min(p.width(p.fonts.drawable(r[i]), "", tableSize)+2*tableCell, tableWide))
		}
		sum += want[i]
		bound += least[i]
	}
	for i := range want {
		switch {
		case sum <= width:
			want[i] *= width / sum
		case sum > bound:
			want[i] = least[i] + (want[i]-least[i])*(width-bound)/(sum-bound)
		default:
			want[i] = width / float64(len(want))
		}
	}
	return want
}

func (p *Sheet) tableCells(cells []string, style string, widths []float64) (out [][]string, height float64) {
	most := 1
	for i, text := range cells {
		lines := p.wrap(p.fonts.drawable(text), style, tableSize, widths[i]-2*tableCell)
		if len(lines) > tableLines {
			lines = append(lines[:tableLines-1], p.Cut(strings.Join(lines[tableLines-1:], " "), style, tableSize, widths[i]-2*tableCell))
		}
		most = max(most, len(lines))
		out = append(out, lines)
	}
	return out, float64(most)*tableLine + 2*tableCell
}

func (p *Sheet) tableRow(cells [][]string, style string, widths []float64, right []bool, y float64) {
	x := tableEdge
	p.Use(style, tableSize, Ink)
	for i, lines := range cells {
		for n, line := range lines {
			at := x + tableCell
			if i < len(right) && right[i] {
				at = x + widths[i] - tableCell - p.GetStringWidth(line)
			}
			p.Text(at, y+tableCell+float64(n)*tableLine+tableSize*PointToMM*0.9, line)
		}
		x += widths[i]
	}
}
