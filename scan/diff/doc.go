// Package diff says what changed between two reports: what is new, gone and
// unchanged. It is for whoever reviews a change and asks what it brings.
//
// It compares images, that is final stages, of the platforms that both reports
// have, and it finds the same thing again whatever path, layer or platform it is in.
// It knows reports and nothing of where they come from.
package diff
