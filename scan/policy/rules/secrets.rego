# Secrets: block by where they are. Any layer of the image counts, also under a
# file that a later layer removes, and its configuration and Dockerfile.
package scan.secrets

# METADATA
# title: secret
# description: A secret is in the image, and the option secrets is block.
deny contains {"rule": "secret", "finding": f.key} if {
	input.options.secrets == "block"
	some f in input.findings
	f.kind == "secret"
	f.final
}

# METADATA
# title: secret
# description: A secret is in a build stage, or the option secrets is warn.
warn contains {"rule": "secret", "finding": f.key} if {
	some f in input.findings
	f.kind == "secret"
}

# METADATA
# title: dismissed
# description: The search itself found that nothing depends on the secret, e.g. a package's test data.
ignore contains {"rule": "dismissed", "finding": f.key, "message": f.dismissed} if {
	some f in input.findings
	f.kind == "secret"
	f.dismissed
}

# METADATA
# title: secrets.allow
# description: An entry of secrets.allow or of .gitleaksignore accepts the secret.
ignore contains {"rule": "secrets.allow", "finding": f.key, "message": f.allowed} if {
	some f in input.findings
	f.kind == "secret"
	f.allowed
}

# METADATA
# title: secrets-off
# description: The option secrets is off.
ignore contains {"rule": "secrets-off", "finding": f.key, "message": "secrets are off"} if {
	input.options.secrets == "off"
	some f in input.findings
	f.kind == "secret"
}
