# A static binary on an empty image, as an ordinary user:
#
#	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o dist/vspan ./cmd/vspan
#	docker build -t vspan .
#	docker run --network host --user 0:0 --cap-drop ALL --cap-add NET_RAW -v /etc/vspan:/etc/vspan:ro vspan serve --config /etc/vspan/vspan.yaml
#
#	docker run --tmpfs /tmp vspan demo --once
#
# The receiver opens packet sockets, which takes CAP_NET_RAW; an image cannot give that to an ordinary user, so running it as
# root with that one capability is how it receives. As the image's own user everything but receiving works.
FROM scratch
COPY dist/vspan /vspan
USER 65532:65532
ENTRYPOINT ["/vspan"]
CMD ["serve"]
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/vspan", "healthcheck"]
