# Sample captures and the scripts that made them; README.md tells what is in them.
EXTRA_DIST += samples/README.md samples/shop.pcapng samples/attacks.pcapng \
	samples/sip-call.pcapng samples/make-shop.sh samples/make-attacks.sh \
	samples/make-sip-call.sh samples/make/merge.py samples/make/shop-app.py \
	samples/make/shop-haproxy.cfg samples/make/shop-visitor.py samples/make/sip-caller.xml \
	samples/make/tone.py samples/make/wire.py
