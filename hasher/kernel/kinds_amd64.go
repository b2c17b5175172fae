package kernel

// archKinds are the kinds in assembly.
var archKinds []Kind
