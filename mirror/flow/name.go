package flow

// name is a key in two words. That of two IPv4 addresses is all of it; of others its ends are a hash of them, and to be sure the keys must
// be compared too.
type name struct {
	ends uint64 // the two IPv4 addresses in their order
	rest uint64 // as in the key, and longEnds
}

// longEnds says that ends are a hash. The key has nothing there.
const longEnds = 1 << 24

// ipv4In6 is what stands in the upper half of address.lo of an IPv4 address.
const ipv4In6 = 0xFFFF

func (n name) isLong() bool { return n.rest&longEnds != 0 }

// name is the name of k.
func (k *key) name() name {
	a, b := &k.ends[0], &k.ends[1]
	if a.hi|b.hi == 0 && a.lo>>32 == ipv4In6 && b.lo>>32 == ipv4In6 {
		return name{ends: a.lo<<32 | b.lo&0xFFFF_FFFF, rest: k.rest}
	}
	return name{ends: secret.hashEnds(&k.ends), rest: k.rest | longEnds}
}

// key is the key whose name is n, and whose ends are those if it is long.
func (n name) key(ends *[2]address) key {
	if n.isLong() {
		return key{ends: *ends, rest: n.rest &^ longEnds}
	}
	return key{ends: [2]address{{lo: ipv4In6<<32 | n.ends>>32}, {lo: ipv4In6<<32 | n.ends&0xFFFF_FFFF}}, rest: n.rest}
}
