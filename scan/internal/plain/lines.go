package plain

import "fmt"

// locationWidth bounds the file name in [Location].
const locationWidth = 60

// Location is a place in a Dockerfile, "Dockerfile:7" or "Dockerfile:7-9". It
// is empty if the lines are not known (start below 1).
func Location(file string, start, end int) string {
	if start <= 0 {
		return ""
	}
	if file == "" {
		file = "Dockerfile"
	}
	at := fmt.Sprintf("%s:%d", Tail(file, locationWidth), start)
	if end > start {
		at += fmt.Sprintf("-%d", end)
	}
	return at
}
