package attest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"

	"github.com/pkg/errors"
	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
)

// Private keys as "cosign generate-key-pair" and "cosign import-key-pair" write
// them: PKCS #8, encrypted, in PEM of one of these types.
var privateKeyTypes = []string{"ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"}

// PasswordFunc asks for a private key's password. It is called at most once.
type PasswordFunc func() ([]byte, error)

// Signer signs statements.
type Signer struct {
	keypair sign.Keypair
	// options say what a bundle holds besides the signature. Keyless signing is
	// a certificate provider and a transparency log here.
	options sign.BundleOptions
}

// NewKeySigner is a signer with a cosign private key. The error is a
// *WrongPasswordError if that is what it is.
func NewKeySigner(privateKeyPEM []byte, password PasswordFunc) (*Signer, error) {
	block, err := privateKeyBlock(privateKeyPEM)
	if err != nil {
		return nil, err
	}
	pass, err := password()
	if err != nil {
		return nil, errors.Wrap(err, "failed to get the signing key's password")
	}
	der, err := encrypted.Decrypt(block.Bytes, pass)
	if err != nil {
		// The format cannot tell a wrong password from a damaged ciphertext; a
		// damaged frame it can.
		if strings.Contains(err.Error(), "decryption failed") {
			return nil, errors.WithStack(&WrongPasswordError{})
		}
		return nil, errors.Wrap(err, "failed to decrypt signing key")
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.Wrap(err, "failed to parse signing key")
	}
	sv, err := signature.LoadDefaultSignerVerifier(key)
	if err != nil {
		return nil, errors.Wrap(err, "failed to load signing key")
	}
	pair, err := newKeyPair(sv)
	if err != nil {
		return nil, err
	}
	return &Signer{keypair: pair}, nil
}

func privateKeyBlock(keyPEM []byte) (*pem.Block, error) {
	block, _ := pem.Decode(keyPEM)
	if block == nil {
		return nil, errors.New("signing key is not a PEM file")
	}
	for _, t := range privateKeyTypes {
		if block.Type == t {
			return block, nil
		}
	}
	switch {
	case strings.Contains(block.Type, "PUBLIC KEY"):
		return nil, errors.New("signing key is a public key; the private one (cosign.key) is needed to sign")
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return nil, errors.Errorf("signing key is a %q; convert it with: cosign import-key-pair --key FILE", block.Type)
	}
	return nil, errors.Errorf("signing key is a %q, not a cosign private key", block.Type)
}

// SignMessage signs a message that is no statement about an image. The hint names
// the key as in the bundles of signed statements.
func (s *Signer) SignMessage(ctx context.Context, message []byte) (sig []byte, keyHint string, err error) {
	sig, _, err = s.keypair.SignData(ctx, message)
	return sig, string(s.keypair.GetHint()), err
}

// PublicKey verifies what the private key of its pair signed.
type PublicKey struct {
	verifier signature.Verifier
	hint     string
}

// LoadPublicKey reads a public key in PEM (cosign.pub).
func LoadPublicKey(publicKeyPEM []byte) (PublicKey, error) {
	if block, _ := pem.Decode(publicKeyPEM); block != nil && strings.HasSuffix(block.Type, "PRIVATE KEY") {
		return PublicKey{}, errors.New("verification key is a private key; the public one (cosign.pub) is needed to verify")
	}
	key, err := cryptoutils.UnmarshalPEMToPublicKey(publicKeyPEM)
	if err != nil {
		return PublicKey{}, errors.Wrap(err, "failed to parse verification key")
	}
	return newPublicKey(key)
}

func newPublicKey(key crypto.PublicKey) (PublicKey, error) {
	v, err := signature.LoadDefaultVerifier(key)
	if err != nil {
		return PublicKey{}, errors.Wrap(err, "failed to load verification key")
	}
	hint, err := keyHint(key)
	if err != nil {
		return PublicKey{}, err
	}
	return PublicKey{verifier: v, hint: hint}, nil
}

// PublicKey is the key that verifies what the signer signs.
func (s *Signer) PublicKey() (PublicKey, error) {
	return newPublicKey(s.keypair.GetPublicKey())
}

// keyHint names a key in a bundle as cosign does: base64 of the SHA-256 of its
// PKIX form. It is a hint and is never relied on.
func keyHint(key crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", errors.Wrap(err, "failed to encode public key")
	}
	sum := sha256.Sum256(der)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// keyPair is a loaded key as sigstore-go wants to see it.
type keyPair struct {
	sv      signature.SignerVerifier
	public  crypto.PublicKey
	details signature.AlgorithmDetails
	hint    string
}

var _ sign.Keypair = (*keyPair)(nil)

func newKeyPair(sv signature.SignerVerifier) (*keyPair, error) {
	public, err := sv.PublicKey()
	if err != nil {
		return nil, errors.Wrap(err, "failed to derive public key")
	}
	details, err := signature.GetDefaultAlgorithmDetails(public)
	if err != nil {
		return nil, errors.Wrap(err, "signing key is of an unsupported kind")
	}
	hint, err := keyHint(public)
	if err != nil {
		return nil, err
	}
	return &keyPair{sv: sv, public: public, details: details, hint: hint}, nil
}

func (k *keyPair) GetHashAlgorithm() protocommon.HashAlgorithm { return k.details.GetProtoHashType() }

func (k *keyPair) GetSigningAlgorithm() protocommon.PublicKeyDetails {
	return k.details.GetSignatureAlgorithm()
}

func (k *keyPair) GetHint() []byte { return []byte(k.hint) }

func (k *keyPair) GetKeyAlgorithm() string {
	switch k.details.GetKeyType() {
	case signature.ECDSA:
		return "ECDSA"
	case signature.RSA:
		return "RSA"
	case signature.ED25519:
		return "ED25519"
	}
	return ""
}

func (k *keyPair) GetPublicKey() crypto.PublicKey { return k.public }

func (k *keyPair) GetPublicKeyPem() (string, error) {
	b, err := cryptoutils.MarshalPublicKeyToPEM(k.public)
	return string(b), err
}

// SignData signs data. The second value, the signed digest, is used for message
// signatures only, and statements are signed in envelopes.
func (k *keyPair) SignData(_ context.Context, data []byte) (sig, digest []byte, err error) {
	sig, err = k.sv.SignMessage(bytes.NewReader(data))
	return sig, nil, errors.Wrap(err, "failed to sign")
}
