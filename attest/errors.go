package attest

import (
	"fmt"
	"strings"

	"github.com/pkg/errors"
)

// Class sorts the errors of this package by what a caller does about them.
type Class int

// The classes, and the exit codes that commands map them to.
const (
	// ClassNone is the class of no error (exit 0).
	ClassNone Class = iota
	// ClassUsage: the request itself makes no sense (exit 1).
	ClassUsage
	// ClassRejected: what could be read of the image does not satisfy the policy;
	// an image without a trusted attestation is one of those (exit 2).
	ClassRejected
	// ClassUnable: the answer could not be had, e.g. the registry does not answer
	// or the key cannot be read (exit 3).
	ClassUnable
)

// ClassOf is the class of an error that this package returned.
func ClassOf(err error) Class {
	var usage *UsageError
	var rejected *RejectedError
	switch {
	case err == nil:
		return ClassNone
	case errors.As(err, &usage):
		return ClassUsage
	case errors.As(err, &rejected):
		return ClassRejected
	default:
		return ClassUnable
	}
}

// UsageError is a malformed reference or option.
type UsageError struct{ Message string }

func (e *UsageError) Error() string { return e.Message }

func usagef(format string, args ...any) error {
	return errors.WithStack(&UsageError{Message: fmt.Sprintf(format, args...)})
}

// WrongPasswordError says that a private key could not be decrypted.
type WrongPasswordError struct{}

func (*WrongPasswordError) Error() string {
	return "wrong password for the signing key"
}

// NotScannedError says that an image carries no (unsigned) scan attestation that
// could be signed.
type NotScannedError struct {
	Image  string
	Detail string
}

func (e *NotScannedError) Error() string {
	return fmt.Sprintf("image carries no scan attestation: %s: %s", e.Image, e.Detail)
}

// Reason says why an image was rejected.
type Reason string

// The reasons.
const (
	// ReasonUnsigned: there is no signed scan attestation.
	ReasonUnsigned Reason = "unsigned"
	// ReasonForeignSigned: there is one, by a key that is not trusted.
	ReasonForeignSigned Reason = "foreign-signed"
	// ReasonRetagged: there is one, for another image.
	ReasonRetagged Reason = "re-tagged"
	// ReasonTampered: content does not match its signature or its digest.
	ReasonTampered Reason = "tampered"
	// ReasonMalformed: a trusted key signed something that is no scan report.
	ReasonMalformed Reason = "malformed"
	// ReasonStale: the scan is older than allowed.
	ReasonStale Reason = "stale"
	// ReasonStaleDatabase: the vulnerability database was older than allowed.
	ReasonStaleDatabase Reason = "stale-database"
	// ReasonBlocked: the signed verdict is to block.
	ReasonBlocked Reason = "blocked"
	// ReasonPolicy: a policy that must have taken part in the verdict did not.
	ReasonPolicy Reason = "policy"
	// ReasonFindings: there are findings at or above the threshold.
	ReasonFindings Reason = "findings"
)

// Rejection is one reason for one subject.
type Rejection struct {
	Reason Reason `json:"reason"`
	// Platform is empty for the image index.
	Platform string `json:"platform,omitempty"`
	Digest   string `json:"digest"`
	Message  string `json:"message"`
}

// RejectedError says that an image does not satisfy the policy, and every reason
// for that.
type RejectedError struct {
	Image      string
	Rejections []Rejection
}

func (e *RejectedError) Error() string {
	if len(e.Rejections) == 1 {
		return fmt.Sprintf("%s rejected: %s", e.Image, e.Rejections[0].line())
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s rejected for %d reasons:", e.Image, len(e.Rejections))
	for _, r := range e.Rejections {
		b.WriteString("\n  " + r.line())
	}
	return b.String()
}

func (r Rejection) line() string {
	if r.Platform == "" {
		return r.Message
	}
	return r.Platform + ": " + r.Message
}
