package config

import (
	_ "embed"
	"slices"
)

//go:embed init.yaml
var starter []byte

// Starter returns an options file to begin with: it sets little, and names every
// key with its default or an example in a comment.
func Starter() []byte { return slices.Clone(starter) }
