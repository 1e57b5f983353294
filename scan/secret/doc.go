// Package secret finds credentials in text: gitleaks' rules with gitleaks'
// outcomes, by an engine that reads everything once.
//
//	rules, err := secret.Compile(secret.Default(), secret.Files())
//	s := rules.Scanner()
//	hits, err := s.Scan("app/.env", file)
//
// It owns the rules, the matching and the form in which a secret may be spoken
// of. It must not know layers, images or builds. A value that it found never
// leaves it but through [Hit.Secret], which redacts.
package secret
