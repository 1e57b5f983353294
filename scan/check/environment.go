package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// noSecrets are the controls that forbid secrets in images.
var noSecrets = []string{
	"cis-docker/4.10", "nist-800-190/4.1.4", "pci-dss/8.6.2", "hipaa/164.308(a)(5)(ii)(D)", "soc2/CC6.1", "fedramp/IA-5(7)",
}

func environmentChecks() []Check {
	return []Check{{
		ID: "secret-env", Severity: scan.SeverityMedium, Title: "The environment has a variable that is named like a secret",
		Description: "Everybody who can pull the image, or look at a container, reads its environment. The value is not looked at here: a placeholder is found as well, for a default password is no better than a leaked one.",
		Remedy:      "Give the value when the container is started, as a file (…_FILE) or by the platform's secrets; in the build use RUN --mount=type=secret.",
		References:  []string{"https://docs.docker.com/build/building/secrets/"},
		Controls:    noSecrets, Keywords: []string{"env"}, Looks: "the names of the image's environment variables",
		needs: needImage, find: secretEnv,
	}}
}

func secretEnv(s *subject) []found {
	if s.image() == nil {
		return nil
	}
	var out []found
	for _, n := range slices.Compact(slices.Sorted(slices.Values(s.image().EnvNames))) {
		if secretName(n) {
			out = append(out, found{message: fmt.Sprintf("ENV %s is named like a secret", plain.Line(n, nameWidth)), subject: n, layer: -1})
		}
	}
	return out
}

// Words of a variable's name: secretWords say that it holds a secret, also at
// the end of a word (PGPASSWORD); secretKeys do before KEY; innocentEnds say that
// it only is about one (DB_PASSWORD_FILE, TOKEN_TTL), innocentWords that it
// says how to deal with one (MYSQL_ALLOW_EMPTY_PASSWORD) or that all may know it.
var (
	secretWords   = []string{"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "SECRETS", "TOKEN", "APIKEY", "CREDENTIAL", "CREDENTIALS"}
	secretKeys    = []string{"API", "ACCESS", "PRIVATE", "SECRET", "ENCRYPTION", "SIGNING", "MASTER", "ACCOUNT", "STORAGE", "AUTH", "SSH", "LICENSE"}
	innocentEnds  = words("FILE FILES PATH DIR URL URI HASH NAME ID TTL EXPIRY EXPIRES EXPIRATION LENGTH SIZE LIMIT COUNT ALGORITHM ALG TYPE HEADER ENDPOINT ISSUER AUDIENCE VERSION POLICY ENABLED DISABLED REQUIRED PROVIDER COMMAND CMD FORMAT PREFIX SUFFIX TIMEOUT ARN BACKEND MANAGER MOUNT FIELD SERVICE HELPER STORE")
	innocentWords = words("PUBLIC ALLOW EMPTY RANDOM REQUIRE ENABLE DISABLE NO MAX MIN USE SKIP GPG PGP FINGERPRINT")
)

func words(s string) []string { return strings.Fields(s) }

// secretName says whether a variable is named like one that holds a secret.
//
//	DB_PASSWORD, PGPASSWORD, AWS_ACCESS_KEY_ID, GITHUB_TOKEN, STRIPE_API_KEY   yes
//	DB_PASSWORD_FILE, GPG_KEY, MYSQL_ALLOW_EMPTY_PASSWORD, TOKENIZERS_PARALLELISM, PWD   no
func secretName(name string) bool {
	parts := strings.FieldsFunc(strings.ToUpper(name), func(r rune) bool { return r == '_' || r == '-' || r == '.' })
	if len(parts) == 0 {
		return false
	}
	if parts[0] == "AWS" && slices.Contains(parts, "KEY") {
		return true // also the ID, which BuildKit and gitleaks report too
	}
	if slices.Contains(innocentEnds, parts[len(parts)-1]) ||
		slices.ContainsFunc(parts, func(p string) bool { return slices.Contains(innocentWords, p) }) {
		return false
	}
	for i, p := range parts {
		if slices.ContainsFunc(secretWords, func(w string) bool { return strings.HasSuffix(p, w) }) {
			return true
		}
		if (p == "KEY" || p == "KEYS") && i > 0 && slices.Contains(secretKeys, parts[i-1]) {
			return true
		}
		if p == "PWD" && len(parts) > 1 {
			return true
		}
	}
	return false
}
