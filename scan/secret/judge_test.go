package secret

import "testing"

func TestSecretsOfPackagesAreDismissedWithTheReason(t *testing.T) {
	for _, c := range []struct{ rule, path, want string }{
		// An application's own files count, tests as well.
		{"private-key", "app/test/server.key", ""},
		{"private-key", "app/tests/fixtures/key.pem", ""},
		{"private-key", "src/examples/key.pem", ""},
		{"private-key", "test/key.pem", ""},
		{"private-key", "root/.ssh/id_rsa", ""},
		{"private-key", "srv/vendor/key.pem", ""},
		{"private-key", "home/me/docs/key.pem", ""},
		{"generic-api-key", "app/config.js", ""},
		{"generic-api-key", "app/lib/python/settings.py", ""},
		{"generic-api-key", "usr/share/nginx/html/config.js", ""},
		{"private-key", "usr/share/app/test/key.pem", ""},
		{"private-key", "usr/local/share/doc/key.pem", ""},
		{"private-key", "app/usr/share/doc/key.pem", ""},
		{"private-key", "app/gems/test/key.pem", ""},
		{"private-key", "etc/ssl/private/server.key", ""},
		{"private-key", "etc/ssh/ssh_host_rsa_key", ""},
		{"dotenv-secret", "var/cache/debconf/passwords.dat", ""},
		{"aws-access-token", "etc/ssl/private/ssl-cert-snakeoil.key", ""},

		// A package manager's tree is no reason by itself.
		{"private-key", "app/node_modules/private-thing/key.pem", ""},
		{"private-key", "app/node_modules/.cache/test/key.pem", ""},
		{"private-key", "app/node_modules/key.pem", ""},
		{"aws-access-token", "app/node_modules/private-thing/index.js", ""},
		{"npm-access-token", "app/node_modules/private-thing/.npmrc", ""},
		{"private-key", "usr/lib/python3/dist-packages/thing/key.pem", ""},
		{"private-key", "root/go/pkg/mod/example.org/thing@v1.0.0/key.pem", ""},
		{"private-key", "app/vendor/example/thing/key.pem", ""},

		{"private-key", "app/node_modules/public-encrypt/test/1024.priv", "test data, example or documentation of an npm package"},
		{"private-key", "app/node_modules/@scope/thing/lib/__tests__/key.pem", "test data, example or documentation of an npm package"},
		{"private-key", "app/node_modules/selfsigned/README.md", "test data, example or documentation of an npm package"},
		{"private-key", "app/node_modules/next/dist/compiled/@edge-runtime/primitives/crypto.js", "code that handles keys, in an npm package"},
		{"generic-api-key", "app/node_modules/aws-sdk/clients/kms.d.ts", "a guess, by a generic rule, in an npm package"},
		{"private-key", "usr/lib/python3/dist-packages/twisted/conch/test/keydata.py", "test data, example or documentation of a Python package"},
		{"private-key", "usr/lib/python3/dist-packages/twisted/conch/ssh/keys.py", "code that handles keys, in a Python package"},
		{"private-key", "usr/local/lib/python3.12/test/certdata/keycert.pem", "test data, example or documentation of a Python package"},
		{"private-key", "var/lib/gems/3.1.0/gems/net-ssh-7.0.1/test/keys/rsa", "test data, example or documentation of a gem"},
		{"generic-api-key", "usr/lib/ruby/3.1.0/uri/generic.rb", "a guess, by a generic rule, in a gem"},
		{"private-key", "root/go/pkg/mod/example.org/thing@v1.0.0/testdata/key.pem", "test data, example or documentation of a Go module"},
		{"private-key", "app/vendor/github.com/example/thing/x_test.go", "test data, example or documentation of a Go module"},
		{"private-key", "usr/local/go/src/crypto/tls/testdata/example-key.pem", "test data, example or documentation of Go's own packages"},
		{"private-key", "usr/share/go-1.19/src/crypto/tls/example_test.go", "test data, example or documentation of Go's own packages"},
		{"private-key", "usr/local/cargo/registry/src/index.crates.io-6f17d22bba15001f/rustls-0.21.0/tests/key.pem", "test data, example or documentation of a crate"},
		{"private-key", "var/www/vendor/lcobucci/jwt/test/_keys/rsa.key", "test data, example or documentation of a Composer package"},
		{"generic-api-key", "usr/lib/x86_64-linux-gnu/perl/5.36.0/CORE/cop.h", "a guess, by a generic rule, in a Perl module"},
		{"generic-api-key", "usr/include/node/v8-internal.h", "a guess, by a generic rule, in a distribution's package"},
		{"private-key", "usr/share/doc/libnet-ssleay-perl/examples/server_key.pem", "documentation of a distribution's package"},
		{"sourcegraph-access-token", "var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages", "index of the distribution's package manager, which is full of hashes"},
		{"private-key", "opt/app.tgz!package/node_modules/thing/test/key.pem", "test data, example or documentation of an npm package"},
		{"private-key", "etc/ssl/private/ssl-cert-snakeoil.key", "key of the self-signed certificate that Debian's ssl-cert makes when it is installed: nobody trusts it"},
	} {
		if got := judge(c.rule, c.path); got != c.want {
			t.Errorf("%s at %s: %q, want %q", c.rule, c.path, got, c.want)
		}
	}
}
