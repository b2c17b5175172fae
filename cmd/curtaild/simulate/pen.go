package simulate

import (
	"bytes"
	"fmt"
	"image/color"
	"io"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// inks are a plot's colours. Any two differ to those who see no red or no green
// too: the palette is that of Okabe and Ito.
type inks struct{ black, grey, faint, white, yellow, amber, blue, pale, band, red color.NRGBA }

func okabeIto() inks {
	return inks{
		black:  color.NRGBA{0x22, 0x22, 0x22, 0xff},
		grey:   color.NRGBA{0x77, 0x77, 0x77, 0xff},
		faint:  color.NRGBA{0xe2, 0xe2, 0xe2, 0xff},
		white:  color.NRGBA{0xff, 0xff, 0xff, 0xff},
		yellow: color.NRGBA{0xf9, 0xf3, 0xa8, 0xff},
		amber:  color.NRGBA{0xe6, 0x9f, 0x00, 0xff},
		blue:   color.NRGBA{0x00, 0x72, 0xb2, 0xff},
		pale:   color.NRGBA{0xb8, 0xd9, 0xee, 0xff},
		band:   color.NRGBA{0x00, 0x72, 0xb2, 0x40},
		red:    color.NRGBA{0xd5, 0x5e, 0x00, 0xff},
	}
}

// pen draws on a sheet of paper, in points from its lower left corner.
type pen struct {
	vg.Canvas
	inks
	plain, bold *opentype.Font
}

func newPen(on vg.Canvas) (*pen, error) {
	p := &pen{Canvas: on, inks: okabeIto()}
	var err error
	if p.plain, err = opentype.Parse(liberationsansregular.TTF); err == nil {
		p.bold, err = opentype.Parse(liberationsansbold.TTF)
	}
	if err != nil {
		return nil, fmt.Errorf("read the plot's font: %w", err)
	}
	return p, nil
}

// text writes at a place; align 0 begins there, 0.5 is centred on it and 1
// ends there.
func (p *pen) text(x, y, size, align float64, c color.Color, f *opentype.Font, s string) (width float64) {
	face := font.Face{Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Length(size)}, Face: f}
	if f == p.bold {
		face.Font.Weight = 3
	}
	width = float64(face.Width(s))
	p.SetColor(c)
	p.FillString(face, vg.Point{X: vg.Length(x - align*width), Y: vg.Length(y)}, s)
	return width
}

// point is a place on the sheet.
type point struct{ x, y float64 }

func path(pts []point) (out vg.Path) {
	for i, p := range pts {
		at := vg.Point{X: vg.Length(p.x), Y: vg.Length(p.y)}
		if i == 0 {
			out.Move(at)
			continue
		}
		out.Line(at)
	}
	return out
}

func (p *pen) line(width float64, c color.Color, pts ...point) {
	if len(pts) < 2 {
		return
	}
	p.SetLineWidth(vg.Length(width))
	p.SetColor(c)
	p.Stroke(path(pts))
}

func (p *pen) dashed(width float64, c color.Color, pts ...point) {
	p.SetLineDash([]vg.Length{3, 2}, 0)
	p.line(width, c, pts...)
	p.SetLineDash(nil, 0)
}

func (p *pen) fill(c color.Color, pts ...point) {
	if len(pts) < 3 {
		return
	}
	out := path(pts)
	out.Close()
	p.SetColor(c)
	p.Fill(out)
}

func (p *pen) box(c color.Color, x, y, w, h float64) {
	p.fill(c, point{x, y}, point{x + w, y}, point{x + w, y + h}, point{x, y + h})
}

// resolution is that of a PNG, in dots per inch: twice that of most screens.
const resolution = 144

// sheet makes paper of the kind, has something drawn on it, and writes it.
func sheet(w io.Writer, kind string, width, height float64, draw func(*pen)) error {
	var paper vg.CanvasWriterTo
	switch kind {
	case "png":
		paper = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(vg.Length(width), vg.Length(height)), vgimg.UseDPI(resolution))}
	case "svg":
		paper = vgsvg.New(vg.Length(width), vg.Length(height))
	default:
		return fmt.Errorf("a plot cannot be of the kind %q: want svg or png", kind)
	}
	p, err := newPen(paper)
	if err != nil {
		return err
	}
	p.box(p.white, 0, 0, width, height)
	draw(p)
	var out bytes.Buffer
	if _, err := paper.WriteTo(&out); err != nil {
		return fmt.Errorf("draw the plot: %w", err)
	}
	// Where that font is not there, one of its width comes next.
	all := bytes.ReplaceAll(out.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;"))
	_, err = w.Write(all)
	return err
}
