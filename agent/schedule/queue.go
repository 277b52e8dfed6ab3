package schedule

// queue is a heap of series, the one that is due first at its head (container/heap).
type queue []*series

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	a, b := q[i].due(), q[j].due()
	if a != b {
		return a < b
	}
	return q[i].check.ID < q[j].check.ID
}

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push is for container/heap alone.
func (q *queue) Push(x any) {
	sr, _ := x.(*series)
	sr.place = len(*q)
	*q = append(*q, sr)
}

// Pop is for container/heap alone.
func (q *queue) Pop() any {
	old := *q
	sr := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return sr
}
