// Two images of one run, each with its own verdict. If one is blocked, neither
// is pushed.
//
//   docker-scan-build bake --push               with the plugin
//   SCANNER=… docker buildx bake --push         without: SCANNER is a scan-frontend image

variable "REGISTRY" {
  default = "localhost:5000"
}

variable "BASE" {
  default = "debian:bookworm-slim"
}

// The shop's folder; ../app/fixed has the same manifests, mended.
variable "SHOP" {
  default = "../app"
}

// A scan-frontend image makes every builder scan, without the plugin.
variable "SCANNER" {
  default = ""
}

group "default" {
  targets = ["web", "worker"]
}

target "_scanned" {
  context = SHOP
  args = {
    BASE             = BASE
    BUILDKIT_SYNTAX  = SCANNER != "" ? SCANNER : null
    SCAN_ONLY_FIXED  = "true"
  }
}

target "web" {
  inherits          = ["_scanned"]
  tags              = ["${REGISTRY}/shop-web"]
  dockerfile-inline = <<EOT
ARG BASE=debian:bookworm-slim
FROM $BASE
COPY web/package.json web/package-lock.json /srv/web/
EOT
  args = {
    SCAN_FAIL_ON = "critical"
  }
}

target "worker" {
  inherits          = ["_scanned"]
  tags              = ["${REGISTRY}/shop-worker"]
  dockerfile-inline = <<EOT
ARG BASE=debian:bookworm-slim
FROM $BASE
COPY worker/requirements.txt /srv/worker/
EOT
  args = {
    SCAN_FAIL_ON = "high"
  }
}
