package sample

import "github.com/scan-build/scan-build/scan"

// describe is what a rule says, as gitleaks words it.
func describe(rule string) string {
	switch rule {
	case "aws-access-token":
		return "Identified a pattern that may indicate AWS credentials, risking unauthorized cloud resource access and data breaches on AWS platforms."
	case "github-pat":
		return "Uncovered a GitHub Personal Access Token, potentially leading to unauthorized repository access and sensitive content exposure."
	case "npm-access-token":
		return "Uncovered an npm access token, potentially compromising package management and code repository access."
	default:
		return "Identified a Private Key, which may compromise cryptographic security and sensitive data encryption."
	}
}

// buildSecrets are a token that the image takes over and one that it does not.
func buildSecrets() []scan.Secret {
	return []scan.Secret{
		fileSecret("npm-access-token", "npm_…7Kq2", "b1d5c0de", "root/.npmrc", 1, 1),
		fileSecret("github-pat", "ghp_…f3Qx", "5ec2e7aa", "src/.env", 3, 1),
	}
}

// imageSecrets are a token that came by COPY, a key that a later layer removes,
// one in ENV that is in the Dockerfile, the environment and the history, and
// test data that does not count.
func imageSecrets() []scan.Secret {
	key := fileSecret("private-key", "-----BEGIN …", "cafe0042", "root/.ssh/id_ed25519", 1, 1)
	key.EndLine, key.Removed = 7, 2
	test := fileSecret("private-key", "-----BEGIN …", "7e577e57", "usr/share/doc/openssl/test.pem", 1, 0)
	test.Dismissed = "test data of a package"
	env := &scan.Layer{Instruction: "ENV AWS_ACCESS_KEY_ID=AKIA…WXYZ", Stage: "final", File: "Dockerfile", StartLine: 10, EndLine: 10}
	return []scan.Secret{
		test,
		key,
		fileSecret("github-pat", "ghp_…f3Qx", "5ec2e7aa", "app/.env", 3, 2),
		textSecret(scan.SecretInDockerfile, "Dockerfile", 10, env),
		textSecret(scan.SecretInConfig, "Env", 2, env),
		textSecret(scan.SecretInConfig, "History", 9, env),
	}
}

func fileSecret(rule, redacted, fingerprint, path string, line, layer int) scan.Secret {
	return scan.Secret{
		Rule: rule, Description: describe(rule), Source: scan.SecretInFile, Path: path, Line: line, EndLine: line, Column: 1,
		Redacted: redacted, Fingerprint: fingerprint, Layer: layer,
	}
}

func textSecret(source scan.SecretSource, path string, line int, in *scan.Layer) scan.Secret {
	return scan.Secret{
		Rule: "aws-access-token", Description: describe("aws-access-token"), Source: source, Path: path, Line: line, EndLine: line, Column: 23,
		Redacted: "AKIA…WXYZ", Fingerprint: "0a0a1b1b", Layer: -1, Instruction: in,
	}
}
