package demo

import "net"

// listenShort cannot ask for a short queue here: the port then closes instead of dropping.
func listenShort(addr string) (net.Listener, error) { return listen(addr) }
