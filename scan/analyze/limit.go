package analyze

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/scan-build/scan-build/scan"
)

const (
	// maxSecrets is how many secrets an inventory holds.
	maxSecrets = 1000
	// maxPerFile is how many of them one file may bring.
	maxPerFile = 100
	// maxDismissed and maxDismissedPerFile are the same for hits that are no
	// alarm; what is left out of them is not told.
	maxDismissed        = 200
	maxDismissedPerFile = 5
	// maxProblems is how many files an inventory names that were not searched to
	// the end.
	maxProblems = 1000

	// fileTimeout is the time that one file may take. A gigabyte of text takes
	// seconds; text made to be slow 0.7 s for each megabyte.
	fileTimeout = 5 * time.Minute

	// extractor is how problems name this search.
	extractor = "secrets"
	// ruleTooMany is the rule of the secret that stands for those left out.
	ruleTooMany = "too-many-secrets"
)

// compareRanks orders the hits of one file by what matters if not all can be
// kept: the first of each rule, so that who accepts a rule in a file has seen
// every rule that there is to accept.
func compareRanks(a, b found) int { return cmp.Compare(a.rank, b.rank) }

// compareFound orders those of a layer likewise.
func compareFound(a, b found) int {
	return cmp.Or(
		compareRanks(a, b), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.EndLine, b.EndLine), cmp.Compare(a.EndColumn, b.EndColumn),
	)
}

func compareSecrets(a, b scan.Secret) int {
	return cmp.Or(
		cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.EndLine, b.EndLine), cmp.Compare(a.Fingerprint, b.Fingerprint),
	)
}

func compareProblems(a, b scan.Problem) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Extractor, b.Extractor), cmp.Compare(a.Message, b.Message))
}

func compareTroubles(a, b trouble) int { return compareProblems(a.Problem, b.Problem) }

// tooMany stands for secrets of a path that are left out of the inventory. It is
// a secret itself, not a problem: it blocks until somebody accepts it, also when
// all that are listed were accepted one by one.
func tooMany(path string, more int) scan.Secret {
	sum := sha256.Sum256([]byte(ruleTooMany + "\x00" + path))
	return scan.Secret{
		Rule: ruleTooMany, Source: scan.SecretInFile, Path: path,
		Description: "More secrets were found than are listed: " + strconv.Itoa(more) + " others",
		Fingerprint: hex.EncodeToString(sum[:16]),
	}
}

// unlisted stands for problems that are left out.
func unlisted(more int) scan.Problem {
	return scan.Problem{Extractor: extractor, Message: strconv.Itoa(more) + " more files were not searched to the end"}
}
