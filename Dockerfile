# One static program and nothing else: docker build --tag oasgate . && docker run --rm -v "$PWD:/work" oasgate lint spec/api.yaml
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev=~1
WORKDIR /source
COPY . .
RUN cargo build --release --locked --package oasgate-cli --features columnar

FROM scratch
COPY --from=build /source/target/release/oasgate /usr/local/bin/oasgate
# For services behind certificates of public authorities.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
WORKDIR /work
USER 65534:65534
ENTRYPOINT ["/usr/local/bin/oasgate"]
