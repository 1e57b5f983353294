variable "VERSION" {
  default = "dev"
}

variable "IMAGE" {
  default = "docker.io/scanbuild/scan-frontend"
}

group "default" {
  targets = ["frontend"]
}

target "_common" {
  args = {
    VERSION = VERSION
  }
  tags      = ["${IMAGE}:${VERSION}"]
  platforms = ["linux/amd64", "linux/arm64"]
}

// The frontend image of a release, compiled inside the build.
target "frontend" {
  inherits = ["_common"]
  target   = "frontend"
}

// The same image from binaries that `make frontend` compiled on this machine.
target "frontend-local" {
  inherits = ["_common"]
  target   = "frontend-local"
}
