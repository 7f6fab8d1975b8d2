package clicks

import java.nio.file.Files.setPosixFilePermissions
import java.nio.file.attribute.PosixFilePermissions.fromString

import org.apache.hadoop.fs.permission.FsPermission
import org.apache.hadoop.fs.{LocalFileSystem, Path, RawLocalFileSystem}

/** Local files as Hadoop has them, without the process (`chmod`) that it starts for each. */
final class LocalFiles extends LocalFileSystem(new Permitted)

final private class Permitted extends RawLocalFileSystem {
  override def setPermission(path: Path, permission: FsPermission): Unit = {
    setPosixFilePermissions(pathToFile(path).toPath, fromString(permission.toString))
    ()
  }
}
