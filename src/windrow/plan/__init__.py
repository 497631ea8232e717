"""What is to be computed: immutable, picklable descriptions that know no engine."""
