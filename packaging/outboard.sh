#!/bin/sh
# The program `outboard`: starts it with the Node.js that it comes with.
self=$0
while [ -h "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=${self%/*}/$target ;;
  esac
done
case $self in
  */*) directory=${self%/*} ;;
  *) directory=. ;;
esac
exec "$directory/../lib/outboard/node" "$directory/../lib/outboard/start.cjs" "$@"
