#include "textflag.h"

// func Lines(p unsafe.Pointer)
TEXT ·Lines(SB), NOSPLIT, $0-8
	MOVD p+0(FP), R0
	PRFM (R0), PLDL1KEEP
	PRFM 64(R0), PLDL1KEEP
	PRFM 128(R0), PLDL1KEEP
	PRFM 192(R0), PLDL1KEEP
	RET

// func Both(p, q unsafe.Pointer)
TEXT ·Both(SB), NOSPLIT, $0-16
	MOVD p+0(FP), R0
	MOVD q+8(FP), R2
	PRFM (R0), PLDL1KEEP
	PRFM (R2), PLDL1KEEP
	RET

// func One(l *List, n int)
TEXT ·One(SB), NOSPLIT, $0-16
	MOVD l+0(FP), R0
	MOVD n+8(FP), R1
	CMP  $16, R1
	BHI  done
	ADD  R1<<3, R0, R1
next:
	CMP  R1, R0
	BHS  done
	MOVD (R0), R2
	PRFM (R2), PLDL1KEEP
	ADD  $8, R0
	JMP  next
done:
	RET

// func Two(l *List, n int)
TEXT ·Two(SB), NOSPLIT, $0-16
	MOVD l+0(FP), R0
	MOVD n+8(FP), R1
	CMP  $16, R1
	BHI  done
	ADD  R1<<3, R0, R1
next:
	CMP  R1, R0
	BHS  done
	MOVD (R0), R2
	PRFM (R2), PLDL1KEEP
	PRFM 64(R2), PLDL1KEEP
	ADD  $8, R0
	JMP  next
done:
	RET
