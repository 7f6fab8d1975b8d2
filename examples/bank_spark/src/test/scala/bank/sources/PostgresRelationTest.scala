package bank
package sources
