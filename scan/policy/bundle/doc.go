// Package bundle owns policy bundles: an options file with the Rego and VEX
// files that it names, as people share them. It reads them from a folder, an
// archive or a list of files, names their content by a digest, signs and verifies
// that, and packs them so that the same content is always the same bytes.
//
// [Load] joins an options file with the policies that it extends. Where those
// come from is for a [Source]: this package reaches for no network and no
// registry, and does not know what the files in a bundle say, but for the options.
package bundle
