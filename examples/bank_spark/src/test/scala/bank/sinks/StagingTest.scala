package bank
package sinks
