package config

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pkg/errors"
)

func parseBool(s string) (bool, error) {
	b, err := strconv.ParseBool(s)
	if err != nil {
		return false, errors.Errorf("%q is neither true nor false", s)
	}
	return b, nil
}

// maxAgeDays keeps days × 24h far from overflow; nobody means more.
const maxAgeDays = 36500

// parseAge reads a duration as Go writes it, or a whole number of days ("5d").
func parseAge(s string) (time.Duration, error) {
	bad := errors.Errorf("%q is not a duration, want e.g. 120h, 5d, or 0 for any age", s)
	if n, ok := strings.CutSuffix(s, "d"); ok {
		days, err := strconv.ParseUint(n, 10, 32)
		if err != nil || days > maxAgeDays {
			return 0, bad
		}
		return time.Duration(days) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, bad
	}
	return d, nil
}

// truth measures a switch that lets more pass.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// looseAge measures a greatest age: a longer one lets more pass, and 0 all.
func looseAge(d time.Duration) float64 {
	if d == 0 {
		return math.Inf(1)
	}
	return float64(d)
}

// parseDays reads a whole number of days, with or without a d.
func parseDays(s string) (int, error) {
	n, err := strconv.ParseUint(strings.TrimSuffix(s, "d"), 10, 32)
	if err != nil || n > maxAgeDays {
		return 0, errors.Errorf("%q is no number of days, want e.g. 14 or 14d", shorten(s))
	}
	return int(n), nil
}

// parseWord reads one of several words, in any case.
func parseWord[T ~string](what, s string, words ...T) (T, error) {
	names := make([]string, len(words))
	for i, w := range words {
		if equalFold(s, string(w)) {
			return w, nil
		}
		names[i] = string(w)
	}
	return "", errors.Errorf("unknown %s %q, want %s", what, shorten(s), orList(names))
}

// parseDay reads a day, as its midnight in UTC.
func parseDay(s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return t, errors.Errorf("%q is no day, want YYYY-MM-DD", shorten(s))
	}
	return t, nil
}
