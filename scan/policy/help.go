package policy

import "strings"

// generalURL says what to do about a secret of no provider that is known here:
// how to replace it, and how to hand it to a build instead.
const generalURL = "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html"

// rotation is where secrets are revoked and replaced, by the beginning of their
// rules' ids, gitleaks' and our own; the first that fits counts.
var rotation = []struct{ prefix, url string }{
	{"anthropic-", "https://console.anthropic.com/settings/keys"},
	{"atlassian-", "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/"},
	{"aws-", "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html"},
	{"azure-ad-", "https://learn.microsoft.com/en-us/cli/azure/ad/app/credential"},
	{"azure-token-cache", "https://learn.microsoft.com/en-us/entra/identity/users/users-revoke-access"},
	{"cargo-", "https://crates.io/settings/tokens"},
	{"cloudflare-", "https://developers.cloudflare.com/fundamentals/api/how-to/roll-token/"},
	{"datadog-", "https://docs.datadoghq.com/account_management/api-app-keys/"},
	{"digitalocean-", "https://docs.digitalocean.com/reference/api/create-personal-access-token/"},
	{"discord-", "https://discord.com/developers/applications"},
	{"docker-config-auth", "https://docs.docker.com/reference/cli/docker/login/"},
	{"gcloud-", "https://cloud.google.com/sdk/gcloud/reference/auth/revoke"},
	{"gcp-", "https://cloud.google.com/docs/authentication/api-keys"},
	{"github-pat", "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens"},
	{"github-fine-grained-pat", "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens"},
	{"github-", "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/token-expiration-and-revocation"},
	{"gitlab-", "https://docs.gitlab.com/user/profile/personal_access_tokens/"},
	{"heroku-", "https://devcenter.heroku.com/articles/authentication"},
	{"huggingface-", "https://huggingface.co/settings/tokens"},
	{"new-relic-", "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/"},
	{"npm-", "https://docs.npmjs.com/revoking-access-tokens"},
	{"npmrc-", "https://docs.npmjs.com/revoking-access-tokens"},
	{"openai-", "https://platform.openai.com/api-keys"},
	{"pypi-", "https://pypi.org/help/#apitoken"},
	{"pypirc-", "https://pypi.org/help/#apitoken"},
	{"sentry-", "https://docs.sentry.io/account/auth-tokens/"},
	{"slack-", "https://api.slack.com/methods/auth.revoke"},
	{"stripe-", "https://docs.stripe.com/keys"},
	{"telegram-", "https://core.telegram.org/bots/features#botfather"},
	{"vault-", "https://developer.hashicorp.com/vault/docs/commands/token/revoke"},
}

// Help returns a page about the secrets of a rule: where their provider lets
// them be revoked and replaced if that is known, else what to do in general. A
// user's own rules have that page too.
func Help(rule string) string {
	for _, r := range rotation {
		if strings.HasPrefix(rule, r.prefix) {
			return r.url
		}
	}
	return generalURL
}
