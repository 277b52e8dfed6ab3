package probes_test

func playRole() {}
