package merge

import (
	"cmp"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// secretKey is what makes a secret the same one in a file that is written
// again, at whatever line. One that counts is never the same as one that was
// dismissed.
type secretKey struct {
	path, rule, fingerprint string
	counts                  bool
}

func keyOfSecret(s scan.Secret) secretKey {
	return secretKey{s.Path, s.Rule, s.Fingerprint, s.Counts()}
}

// applySecrets takes a layer's secrets in. Those of the files that it dropped
// are removed, except for the ones that it has again: they stay those of the
// layer that had them first.
func (s *state) applySecrets(index int, found []scan.Secret, dropped map[string]*file) {
	known := map[secretKey][]int{}
	for _, f := range dropped {
		for _, i := range f.secrets {
			s.secrets[i].Removed = index
			k := keyOfSecret(s.secrets[i])
			known[k] = append(known[k], i)
		}
	}
	for _, secret := range found {
		f := s.file(outer(secret.Path))
		k := keyOfSecret(secret)
		if again, ok := known[k]; ok {
			known[k] = nil // however often the layer has it
			for _, i := range again {
				s.secrets[i].Removed = 0
			}
			f.secrets = append(f.secrets, again...)
			continue
		}
		secret.Layer, secret.Removed = index, 0
		f.secrets = append(f.secrets, len(s.secrets))
		s.secrets = append(s.secrets, secret)
	}
}

// secretFiles lists the files that hold secrets: the layer has changed them.
func secretFiles(secrets []scan.Secret) []string {
	var files []string
	for _, s := range secrets {
		if f := outer(s.Path); len(files) == 0 || files[len(files)-1] != f {
			files = append(files, f)
		}
	}
	return files
}

func compareSecrets(a, b scan.Secret) int {
	return cmp.Or(
		a.Layer-b.Layer, strings.Compare(a.Path, b.Path), a.Line-b.Line, a.Column-b.Column,
		strings.Compare(a.Rule, b.Rule), strings.Compare(a.Fingerprint, b.Fingerprint),
	)
}
