package shop
package sources
