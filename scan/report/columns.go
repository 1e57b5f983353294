package report

import (
	"strings"
	"unicode/utf8"

	"github.com/scan-build/scan-build/scan/internal/plain"
)

// narrowest is what wrapping leaves of a column.
const narrowest = 8

// columns lays rows out so that no line is longer than width (0: any length),
// as far as that can be had by wrapping cells of the elastic columns (by index)
// to no less than [narrowest].
func columns(rows [][]string, width int, elastic ...int) []string {
	widths := natural(rows)
	if width > 0 {
		fit(widths, width, elastic)
	}
	var out [][]string
	for _, row := range rows {
		out = append(out, wrapRow(row, widths)...)
	}
	return plain.Align(out)
}

func natural(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// fit takes from the widest elastic column until all columns fit.
func fit(widths []int, width int, elastic []int) {
	total := 2 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for ; total > width; total-- {
		widest := -1
		for _, i := range elastic {
			if i < len(widths) && widths[i] > narrowest && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

// wrapRow breaks a row's cells to their widths: as many rows as its highest cell.
func wrapRow(row []string, widths []int) [][]string {
	cells := make([][]string, len(row))
	height := 1
	for i, cell := range row {
		cells[i] = wrap(cell, widths[i])
		height = max(height, len(cells[i]))
	}
	out := make([][]string, height)
	for n := range out {
		out[n] = make([]string, len(row))
		for i := range cells {
			if n < len(cells[i]) {
				out[n][i] = cells[i][n]
			}
		}
	}
	return out
}

// wrap breaks text into pieces of at most width characters, at spaces, slashes
// and commas where there are some.
func wrap(s string, width int) []string {
	r := []rune(s)
	var out []string
	for len(r) > width {
		cut := width
		for i := width; i > width/2; i-- {
			if strings.ContainsRune(" /,", r[i-1]) {
				cut = i
				break
			}
		}
		out = append(out, strings.TrimRight(string(r[:cut]), " "))
		r = r[cut:]
	}
	return append(out, string(r))
}
