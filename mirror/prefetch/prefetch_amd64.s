#include "textflag.h"

// func Lines(p unsafe.Pointer)
TEXT ·Lines(SB), NOSPLIT, $0-8
	MOVQ p+0(FP), AX
	PREFETCHT0 (AX)
	PREFETCHT0 64(AX)
	PREFETCHT0 128(AX)
	PREFETCHT0 192(AX)
	RET

// func Both(p, q unsafe.Pointer)
TEXT ·Both(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ q+8(FP), DX
	PREFETCHT0 (AX)
	PREFETCHT0 (DX)
	RET

// func One(l *List, n int)
TEXT ·One(SB), NOSPLIT, $0-16
	MOVQ l+0(FP), AX
	MOVQ n+8(FP), CX
	CMPQ CX, $16
	JHI  done
	LEAQ (AX)(CX*8), CX
next:
	CMPQ AX, CX
	JCC  done
	MOVQ (AX), DX
	PREFETCHT0 (DX)
	ADDQ $8, AX
	JMP  next
done:
	RET

// func Two(l *List, n int)
TEXT ·Two(SB), NOSPLIT, $0-16
	MOVQ l+0(FP), AX
	MOVQ n+8(FP), CX
	CMPQ CX, $16
	JHI  done
	LEAQ (AX)(CX*8), CX
next:
	CMPQ AX, CX
	JCC  done
	MOVQ (AX), DX
	PREFETCHT0 (DX)
	PREFETCHT0 64(DX)
	ADDQ $8, AX
	JMP  next
done:
	RET
