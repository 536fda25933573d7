package picture

import (
	"image"
	"image/draw"
	"math"
)

// scale draws the picture at another size with a Catmull-Rom filter. It works on premultiplied colour, so that what
// is transparent does not bleed into the edges, and row by row: the usual scaler keeps a plane of 32 bytes a pixel,
// over 600 MB for the largest picture taken.
func scale(img image.Image, to image.Point) *image.RGBA {
	from := img.Bounds()
	across, down := taps(from.Dx(), to.X), taps(from.Dy(), to.Y)
	out := image.NewRGBA(image.Rectangle{Max: to})
	line := image.NewRGBA(image.Rect(0, 0, from.Dx(), 1))
	var rows [][]float32 // source rows first, first+1, … already scaled across
	first, sum := 0, make([]float32, 4*to.X)
	for y, t := range down {
		for first < t.from && len(rows) > 0 {
			rows, first = rows[1:], first+1
		}
		for first+len(rows) < t.from+len(t.weight) {
			sy := first + len(rows)
			draw.Draw(line, line.Rect, img, image.Pt(from.Min.X, from.Min.Y+sy), draw.Src)
			rows = append(rows, scaleRow(line.Pix, across))
		}
		clear(sum)
		for i, weight := range t.weight {
			for x, v := range rows[t.from-first+i] {
				sum[x] += weight * v
			}
		}
		store(out.Pix[y*out.Stride:], sum)
	}
	return out
}

func scaleRow(pix []uint8, across []tap) []float32 {
	row := make([]float32, 4*len(across))
	for x, t := range across {
		var r, g, b, a float32
		for i, weight := range t.weight {
			p := pix[4*(t.from+i):][:4]
			r += weight * float32(p[0])
			g += weight * float32(p[1])
			b += weight * float32(p[2])
			a += weight * float32(p[3])
		}
		row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = r, g, b, a
	}
	return row
}

// store rounds a row to eight bits. The filter overshoots at sharp edges, so colour is held at or below alpha.
func store(pix []uint8, row []float32) {
	for x := 0; x < len(row); x += 4 {
		alpha := min(255, max(0, row[x+3]))
		for c := range 3 {
			pix[x+c] = uint8(min(alpha, max(0, row[x+c])) + 0.5)
		}
		pix[x+3] = uint8(alpha + 0.5)
	}
}

// tap says which source samples make one target sample, and with what weight; weights add up to 1.
type tap struct {
	from   int
	weight []float32
}

func taps(from, to int) []tap {
	ratio := float64(from) / float64(to)
	stretch := math.Max(ratio, 1)
	out := make([]tap, to)
	for i := range out {
		centre := (float64(i) + 0.5) * ratio
		low := max(0, int(math.Floor(centre-2*stretch)))
		high := min(from, int(math.Ceil(centre+2*stretch)))
		weight, total := make([]float32, high-low), 0.0
		for k := range weight {
			v := catmullRom((float64(low+k) + 0.5 - centre) / stretch)
			weight[k], total = float32(v), total+v
		}
		for k := range weight {
			weight[k] /= float32(total)
		}
		out[i] = tap{low, weight}
	}
	return out
}

// catmullRom is the cubic filter with B = 0, C = ½ (Mitchell and Netravali, 1988).
func catmullRom(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1:
		return (1.5*x-2.5)*x*x + 1
	case x < 2:
		return ((-0.5*x+2.5)*x-4)*x + 2
	}
	return 0
}
