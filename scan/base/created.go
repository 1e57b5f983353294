package base

import "time"

// CreatedLabel is the OCI annotation, as a label, for when an image was made.
const CreatedLabel = "org.opencontainers.image.created"

// firstContainers is the day of Docker's first release. An image that claims to be
// older has a date that was set to make it reproducible, the epoch as a rule.
var firstContainers = time.Date(2013, time.March, 20, 0, 0, 0, 0, time.UTC)

// Created is when an image was made: its configuration's date, else its
// label's. It is nil where neither is a date at which it can have been made, so
// that no image passes for 50 years old.
func Created(config *time.Time, labels map[string]string) *time.Time {
	if t := plausible(config); t != nil {
		return t
	}
	// A label may have been inherited from an image further down, so it comes second.
	if t, err := time.Parse(time.RFC3339, labels[CreatedLabel]); err == nil {
		return plausible(&t)
	}
	return nil
}

func plausible(t *time.Time) *time.Time {
	if t == nil || t.Before(firstContainers) {
		return nil
	}
	utc := t.UTC()
	return &utc
}
