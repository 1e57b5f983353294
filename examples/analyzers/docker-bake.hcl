# docker scan-build bake builds the analyzers and then the application, and has them look at it.
variable "BASE" {
  default = "debian:bookworm-slim"
}

variable "RUNTIME" {
  default = BASE
}

# freshclam for the signatures of today, own for those of clamav/signatures.
variable "SIGNATURES" {
  default = "freshclam"
}

target "default" {
  context  = "app"
  args     = { BASE = BASE, RUNTIME = RUNTIME }
  contexts = { clamav = "target:clamav", flawfinder = "target:flawfinder" }
}

target "clamav" {
  context = "clamav"
  args    = { BASE = BASE, SIGNATURES = SIGNATURES }
}

target "flawfinder" {
  context = "flawfinder"
  args    = { BASE = BASE }
}
