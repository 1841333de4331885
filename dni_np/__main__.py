"""python -m dni_np"""

from dni_np.cli import main

raise SystemExit(main())
