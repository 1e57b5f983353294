package attest

import (
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/pkg/errors"
)

func TestKeysAreCheckedWithClearErrors(t *testing.T) {
	key := newPair(t)
	block, _ := pem.Decode(key.public)
	plain, err := x509.MarshalPKCS8PrivateKey(mustKey(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, password, want string
		pem                  []byte
	}{
		{"wrong password", "wrong", "wrong password", key.private},
		{"no password", "", "wrong password", key.private},
		{"public key", testPassword, "signing key is a public key", pem.EncodeToMemory(block)},
		{"not encrypted", testPassword, "cosign import-key-pair", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: plain})},
		{"no PEM", testPassword, "not a PEM file", []byte("hello")},
		{"certificate", testPassword, `is a "CERTIFICATE"`, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}})},
		{"cut off", testPassword, "failed to decrypt", pem.EncodeToMemory(&pem.Block{Type: privateKeyTypes[0], Bytes: []byte(`{"kdf":`)})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewKeySigner(tt.pem, password(tt.password))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want …%s…", err, tt.want)
			}
			var wrong *WrongPasswordError
			if got := errors.As(err, &wrong); got != strings.Contains(tt.want, "wrong password") {
				t.Errorf("wrong password: %v", got)
			}
			if ClassOf(err) != ClassUnable {
				t.Errorf("class %v", ClassOf(err))
			}
		})
	}
	if _, err := LoadPublicKey(key.private); err == nil || !strings.Contains(err.Error(), "private key") {
		t.Errorf("private key to verify with: %v", err)
	}
	if _, err := LoadPublicKey([]byte("hello")); err == nil {
		t.Error("no PEM: no error")
	}
}
