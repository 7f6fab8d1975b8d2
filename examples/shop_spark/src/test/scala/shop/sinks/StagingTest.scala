package shop
package sinks
