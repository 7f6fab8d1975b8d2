package sinks
