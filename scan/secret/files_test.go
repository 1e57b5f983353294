package secret

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// fileCase is a well-known file and the secrets that must be found in it, as
// "rule secret". Other rules than those of the set have no say here.
type fileCase struct {
	path string
	text string
	want []string
}

// Values are put together so that no scanner takes this file for a leak.
const (
	value  = "q7Rt" + "Zp4wLx9Kd2"
	base64 = "Zm9vOnE3UnRa" + "cDR3THg5S2Qy"
)

var fileCases = map[string][]fileCase{
	"npmrc-auth-token": {
		{"root/.npmrc", "//registry.npmjs.org/:_authToken=" + value + "\n", []string{value}},
		{"app/.npmrc", "registry=https://r.example.org\r\n_auth = \"" + base64 + "\"\r\nalways-auth=true\r\n", []string{base64}},
		{"usr/etc/npmrc", "@scope:_password=" + value, []string{value}},
		{"root/.npmrc", "//r/:_authToken=${NPM_TOKEN}\n_auth=$NPM_AUTH\n_password=<token>\n_authToken=\n; _authToken=" + value, nil},
		{"root/npmrc.txt", "_authToken=" + value, nil},
	},
	"yarnrc-auth-token": {
		{"app/.yarnrc.yml", "npmScopes:\n  a:\n    npmAuthToken: \"" + value + "\"\n", []string{value}},
		{"app/.yarnrc.yml", "npmAuthToken: \"${NPM_TOKEN-}\"\nnpmAuthIdent: xxx\n", nil},
	},
	"pypirc-password": {
		{"root/.pypirc", "[pypi]\nusername = __token__\npassword = pypi-" + value + "\n", []string{"pypi-" + value}},
		{"home/a/.pypirc", "[a]\npassword: " + value, []string{value}},
		{"root/.pypirc", "[pypi]\npassword = changeme\n[a]\npassword = <your password>\n[b]\npassword =\n", nil},
	},
	"package-source-url-password": {
		{"etc/pip.conf", "[global]\nindex-url = https://user:" + value + "@pypi.example.org/simple\n", []string{value}},
		{"etc/apt/sources.list.d/a.list", "deb https://a:" + value + "@deb.example.org stable main\n", []string{value}},
		{"app/requirements-dev.txt", "--extra-index-url https://__token__:" + value + "@gitlab.example.org/simple\n", []string{value}},
		{"etc/pip.conf", "index-url = https://user:${PIP_PASSWORD}@pypi.example.org/simple\nextra = https://pypi.org/simple\n", nil},
		{"etc/apt/sources.list", "deb http://deb.debian.org/debian bookworm main\n", nil},
	},
	"poetry-auth-password": {
		{"root/.config/pypoetry/auth.toml", "[http-basic.a]\nusername = \"somebody\"\npassword = \"" + value + "\"\n", []string{value}},
		{"root/.config/pypoetry/auth.toml", "[http-basic.a]\nusername = \"somebody\"\npassword = \"\"\n", nil},
	},
	"bundler-credentials": {
		{"app/.bundle/config", "---\nBUNDLE_GEMS__EXAMPLE__COM: \"me:" + value + "\"\n", []string{"me:" + value}},
		{"app/.bundle/config", "---\nBUNDLE_PATH: \"vendor\"\nBUNDLE_BUILD__NOKOGIRI: \"--use-system-libraries\"\n", nil},
	},
	"cargo-registry-token": {
		{"root/.cargo/credentials.toml", "[registry]\ntoken = \"" + value + "\"\n", []string{value}},
		{"usr/local/cargo/credentials", "[registries.a]\ntoken = \"" + value + "\"\n", []string{value}},
		{"root/.cargo/config.toml", "[registry]\ntoken = \"" + value + "\"\n", nil},
	},
	"composer-auth": {
		{"root/.composer/auth.json", `{"http-basic":{"a.example.org":{"username":"me","password":"` + value + `"}}}`, []string{value}},
		{"app/auth.json", `{"github-oauth": {"github.com": "` + value + `"}}`, []string{value}},
		{"app/auth.json", `{"http-basic":{"a":{"username":"me","password":"%env(PASSWORD)%"}},"bearer":{}}`, []string{"%env(PASSWORD)%"}},
		{"app/auth.json", `{"http-basic":{"a":{"username":"me","password":"your-password"}},"github-oauth":{"github.com":"<token>"}}`, nil},
	},
	"maven-settings-password": {
		{"root/.m2/settings.xml", "<server><id>a</id><password>\n " + value + "\n</password></server>", []string{value}},
		{"usr/share/maven/conf/settings.xml", "<password>repopwd</password><password>proxypass</password><passphrase>optional; leave empty if not used.</passphrase>", nil},
		{"root/.m2/settings.xml", "<password>${env.MAVEN_PASSWORD}</password><password>{COQLCE6DU6GtcS5P=}</password><password/>", nil},
	},
	"maven-master-password": {
		{"root/.m2/settings-security.xml", "<settingsSecurity><master>{" + base64 + "=}</master></settingsSecurity>", []string{"{" + base64 + "=}"}},
	},
	"ivy-credentials-password": {
		{"root/.sbt/.credentials", "realm=A\nhost=b\nuser=c\npassword=" + value + "\n", []string{value}},
		{"root/.ivy2/.credentials", "realm=A\nuser=c\npassword=${PASSWORD}\n", nil},
	},
	"gradle-properties-password": {
		{"root/.gradle/gradle.properties", "org.gradle.jvmargs=-Xmx2g\nnexusPassword=" + value + "\nsigning.password = " + value + "\n", []string{value, value}},
		{"app/gradle.properties", "nexusPassword=\nnexusToken=TODO\ngithub.token=$GITHUB_TOKEN\nkotlin.version=1.9\nsigning.keyId=24875D73\n", nil},
	},
	"docker-config-auth": {
		{"root/.docker/config.json", `{"auths":{"https://index.docker.io/v1/":{"auth":"` + base64 + `"}}}`, []string{base64}},
		{"kaniko/.docker/config.json", "{\n\t\"auths\": {\n\t\t\"ghcr.io\": {\n\t\t\t\"auth\": \"" + base64 + "\"\n}}}", []string{base64}},
		{"run/containers/0/auth.json", `{"auths":{"a":{"identitytoken":"` + value + `"}}}`, []string{value}},
		{"root/.docker/config.json", `{"auths":{"a":{}},"credsStore":"desktop","b":{"auth":""},"c":{"auth":"dXNlcm5hbWU6cGFzc3dvcmQ="}}`, nil},
	},
	"aws-credentials-file": {
		{"root/.aws/credentials", "[default]\naws_access_key_id = AKIA\naws_secret_access_key = " + value + "/a+b\n", []string{value + "/a+b"}},
		{"root/.aws/config", "[profile a]\naws_session_token=" + base64, []string{base64}},
		{"root/.aws/credentials", "[default]\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY\n", nil},
		{"root/.aws/credentials", "[default]\naws_secret_access_key = YOUR_SECRET_KEY\nregion = eu-west-1\n", nil},
	},
	"gcloud-user-credentials": {
		{"root/.config/gcloud/application_default_credentials.json", `{"client_secret":"d-FL","refresh_token": "1//0` + value + `"}`, []string{"1//0" + value}},
	},
	"azure-token-cache": {
		{"root/.azure/msal_token_cache.json", `{"RefreshToken":{"a":{"secret":"` + value + `"}}}`, []string{value}},
	},
	"netrc-password": {
		{"root/.netrc", "machine a.example.org login me password " + value + "\n", []string{value}},
		{"root/.netrc", "machine a\n  login me\n  password\n    " + value + "\n", []string{value}},
		{"etc/apt/auth.conf.d/a.conf", "machine a login me password " + value, []string{value}},
		{"root/.netrc", "machine a login me password $TOKEN\nmachine b login c password xxxxx\n", nil},
	},
	"git-credentials-url": {
		{"root/.git-credentials", "https://me:" + value + "@github.com\n", []string{value}},
		{"root/.git-credentials", "https://me@github.com\nhttps://me:$TOKEN@b\n", nil},
	},
	"git-config-url-password": {
		{"app/.git/config", "[remote \"origin\"]\n\turl = https://me:" + value + "@git.example.org/a.git\n", []string{value}},
		{"app/.git/config", "[remote \"origin\"]\n\turl = https://" + value + value + "@git.example.org/a.git\n", []string{value + value}},
		{"root/.gitconfig", "[url \"https://oauth2:" + value + "@gitlab.example.org/\"]\n", []string{value}},
		{"app/.git/config", "[remote \"origin\"]\n\turl = https://git@github.com/a/b.git\n\turl = git@github.com:a/b.git\n", nil},
	},
	"git-config-auth-header": {
		{"app/.git/config", "[http \"https://github.com/\"]\n\textraheader = AUTHORIZATION: basic " + base64 + "\n", []string{base64}},
		{"app/.git/config", "[http]\n\textraheader = X-Trace: " + value + "\n", nil},
	},
	"git-host-cli-token": {
		{"root/.config/gh/hosts.yml", "github.com:\n    user: me\n    oauth_token: " + value + "\n", []string{value}},
		{"root/.config/glab-cli/config.yml", "hosts:\n  gitlab.com:\n    token: " + value + "\n", []string{value}},
		{"root/.config/glab-cli/config.yml", "hosts:\n  gitlab.com:\n    token:\n    api_host: gitlab.com\n", nil},
	},
	"dotenv-secret": {
		{"app/.env", "DEBUG=1\nJWT_SECRET=" + value + "\nexport DB_PASSWORD='" + value + " b'\n", []string{value, value + " b"}},
		{"app/.env.production", "STRIPE_API_KEY=\"" + value + "\" # live\r\n", []string{value}},
		{"srv/config/prod.env", "SECRET_KEY_BASE=" + base64, []string{base64}},
		{"etc/environment", "PATH=/usr/bin\nGITHUB_TOKEN=" + value + "\n", []string{value}},
		{"app/.env", "API_TOKEN=${API_TOKEN}\nSECRET=changeme\nDB_PASSWORD=\nPASSWORD=your_password_here\nTOKEN=<token>\nKEY_SECRET=xxxxxxxx\nAPP_KEY=aaaaaaaa\n", nil},
		{"app/.env", "DB_PASSWORD_FILE=/run/secrets/db\nDB_PASSWORD=/run/secrets/db\nTOKEN_TTL=86400000\n# API_TOKEN=" + value + "\nNEXT_PUBLIC_API_KEY=" + value + "\n", nil},
		{"app/.env.example", "JWT_SECRET=" + value, nil},
		{"app/.env.sample.local", "JWT_SECRET=" + value, nil},
		{"app/environment.ts", "JWT_SECRET=" + value, nil},
	},
	"dotenv-url-password": {
		{"app/.env", "DATABASE_URL=postgres://me:" + value + "@db:5432/a\n", []string{value}},
		{"app/.env", "DATABASE_URL=postgres://postgres:postgres@localhost/a\nURL=https://example.org\nB=redis://:${PASSWORD}@r\n", nil},
	},
	"kubeconfig-client-key": {
		{"root/.kube/config", "users:\n- name: a\n  user:\n    client-key-data: " + base64 + "\n", []string{base64}},
		{"etc/kubernetes/admin.conf", `{"client-key-data":"` + base64 + `"}`, []string{base64}},
		{"root/.kube/config", "    client-certificate-data: " + base64 + "\n    client-key: /etc/a.pem\n", nil},
	},
	"kubeconfig-token": {
		{"root/.kube/config", "users:\n- name: a\n  user:\n    token: " + value + "\n- name: b\n  user:\n    username: c\n    password: \"" + value + "\"\n", []string{value, value}},
		{"root/.kube/config", "  user:\n    tokenFile: /var/run/token\n    token: <token>\n", nil},
	},
	"terraform-state-secret": {
		{"app/terraform.tfstate", `{"attributes": {"master_password": "` + value + `", "name": "a", "secret_arn": "arn:aws:b"}}`, []string{value}},
		{"app/terraform.tfstate", `{"attributes": {"password": null, "secret": "", "kms_secret": "arn:aws:kms:eu-west-1:1:key/a"}}`, nil},
	},
	"terraform-cli-token": {
		{"root/.terraform.d/credentials.tfrc.json", `{"credentials":{"app.terraform.io":{"token":"` + value + `"}}}`, []string{value}},
		{"root/.terraformrc", "credentials \"a\" {\n  token = \"" + value + "\"\n}\n", []string{value}},
	},
	"pgpass": {
		{"root/.pgpass", "# a\ndb.example.org:5432:*:me:" + value + "\n", []string{value}},
		{"root/.pgpass", "# host:5432:db:me:" + value + "\ndb:5432:*:me:changeme\n", nil},
	},
	"mysql-client-password": {
		{"root/.my.cnf", "[client]\nuser=me\npassword=\"" + value + "\"\n", []string{value}},
		{"etc/mysql/conf.d/client.cnf", "[client]\n# password = " + value + "\npassword =\n", nil},
	},
	"wordpress-config-secret": {
		{"var/www/html/wp-config.php", "define( 'DB_PASSWORD', '" + value + "' );\ndefine('AUTH_KEY',  'put your unique phrase here');\n", []string{value}},
		{"var/www/html/wp-config.php", "define( 'DB_PASSWORD', getenv_docker('WORDPRESS_DB_PASSWORD', 'example password') );\ndefine('DB_PASSWORD', 'password_here');\n", nil},
	},
	"tomcat-users-password": {
		{"opt/tomcat/conf/tomcat-users.xml", `<user username="admin" password="` + value + `" roles="manager-gui"/>`, []string{value}},
		{"opt/tomcat/conf/tomcat-users.xml", `<!-- <user username="admin" password="<must-be-changed>" roles="manager-gui"/> --><user username="tomcat" password="tomcat"/>`, nil},
	},
	"rails-master-key": {
		{"app/config/master.key", value, []string{""}},
		{"app/config/credentials/production.key", value, []string{""}},
		{"app/master.key", value, nil},
	},
	"putty-private-key": {
		{"root/a.ppk", "PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\nComment: a\r\nPublic-Lines: 1\r\nAAAA\r\nPrivate-Lines: 1\r\n" + base64 + "\r\nPrivate-MAC: 00\r\n", []string{base64}},
		{"root/a.ppk", "PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: aes256-cbc\r\nPublic-Lines: 1\r\nAAAA\r\nPrivate-Lines: 1\r\n" + base64 + "\r\n", nil},
	},
	"wireguard-private-key": {
		{"etc/wireguard/wg0.conf", "[Interface]\nPrivateKey = " + base64 + strings.Repeat("a", 43-len(base64)) + "=\n", []string{base64 + strings.Repeat("a", 43-len(base64)) + "="}},
		{"etc/wireguard/wg0.conf", "[Interface]\nPrivateKey = <key>\n[Peer]\nPublicKey = " + base64 + "\n", nil},
	},
	"object-store-client-secret": {
		{"root/.s3cfg", "[default]\naccess_key = a\nsecret_key = " + value + "\n", []string{value}},
		{"root/.config/rclone/rclone.conf", "[a]\nsecret_access_key = " + value, []string{value}},
		{"root/.s3cfg", "secret_key = None\nsecret_key =\n", nil},
	},
	"mail-client-password": {
		{"etc/msmtprc", "account a\npassword " + value + "\n", []string{value}},
		{"etc/ssmtp/ssmtp.conf", "AuthUser=me\nAuthPass=" + value + "\n", []string{value}},
		{"etc/msmtprc", "passwordeval gpg -d a\n# password " + value + "\n", nil},
	},
}

// secretsOf returns the secrets of one rule, in order. A rule that looks at the path
// alone finds an empty one.
func secretsOf(fs []finding, rule string) []string {
	var out []string
	for _, f := range fs {
		if f.rule == rule {
			out = append(out, f.secret)
		}
	}
	return out
}

func TestWellKnownFilesAreReportedAndPlaceholdersAreNot(t *testing.T) {
	rules, err := Compile(Files())
	if err != nil {
		t.Fatal(err)
	}
	scanner, ref := rules.Scanner(), newReference(t, string(filesTOML))
	for rule, cases := range fileCases {
		for _, c := range cases {
			want := ref.whole(c.path, []byte(c.text))
			if got := secretsOf(want, rule); !slices.Equal(got, c.want) {
				t.Errorf("%s, %s: found %q, want %q in\n%s", rule, c.path, got, c.want, c.text)
			}
			for _, f := range want {
				if f.rule != rule {
					t.Errorf("%s, %s: found by %s as well", rule, c.path, f.rule)
				}
			}
			hits, err := scanner.Scan(c.path, bytes.NewReader([]byte(c.text)))
			if err != nil {
				t.Error(err)
			}
			if got := hitFindings(hits); len(subtract(got, want))+len(subtract(want, got)) > 0 {
				t.Errorf("%s, %s: the engine finds %v, gitleaks %v", rule, c.path, got, want)
			}
		}
	}
}

func TestEveryRuleForFilesIsTestedAndHasKeywords(t *testing.T) {
	ref := newReference(t, string(filesTOML))
	for id, rule := range ref.detector.Config.Rules {
		if rule.Path == nil || rule.Description == "" {
			t.Errorf("%s has no path or no description", id)
		}
		if rule.Regex != nil && len(rule.Keywords) == 0 {
			t.Errorf("%s has no keywords", id)
		}
		if len(fileCases[id]) == 0 {
			t.Errorf("%s has no test", id)
		}
	}
	for id := range fileCases {
		if _, ok := ref.detector.Config.Rules[id]; !ok {
			t.Errorf("%s is no rule", id)
		}
	}
}
