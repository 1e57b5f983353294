# The frontend image: static binaries only. `docker buildx bake` builds it.
ARG GO_VERSION=1.26

FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
ARG TARGETOS TARGETARCH VERSION=dev
RUN --mount=target=. \
    --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH hack/build-frontend /out "$VERSION"

# Binaries that were built outside, by `make frontend`, for machines without
# the Go image.
FROM scratch AS local
ARG TARGETARCH
COPY bin/linux_${TARGETARCH}/ /

FROM scratch AS frontend-base
LABEL moby.buildkit.frontend.network.none="true"
LABEL moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts"
LABEL org.opencontainers.image.title="scan-frontend"
LABEL org.opencontainers.image.description="Dockerfile frontend that scans what it builds"
LABEL org.opencontainers.image.source="https://github.com/scan-build/scan-build"
LABEL org.opencontainers.image.licenses="Apache-2.0"
ENTRYPOINT ["/scan-frontend"]

FROM frontend-base AS frontend-local
COPY --link --from=local / /

FROM frontend-base AS frontend
COPY --link --from=build /out/ /
